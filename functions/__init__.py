"""What AWS calls: thin Lambda handlers over the core."""

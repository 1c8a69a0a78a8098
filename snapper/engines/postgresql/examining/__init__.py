"""What doctor asks a server."""

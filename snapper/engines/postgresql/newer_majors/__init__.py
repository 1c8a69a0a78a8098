"""What a newer major will refuse of a database."""

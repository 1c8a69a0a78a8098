"""The server and the database that a restore goes to: what is there, and what is made."""

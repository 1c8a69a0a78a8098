"""The launchers, and the room where pg_dump comes from."""

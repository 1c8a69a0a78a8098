"""pg_dump: which one, how it is run, and when its silence is too long."""

"""Where Snapper touches the world: AWS, PostgreSQL and child processes, each behind one file."""

"""A dump as text: its statements, its rows, and whether pg_dump would write such a thing."""

"""A trial: a throw-away server behind walls, filled from a backup and counted."""

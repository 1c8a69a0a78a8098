"""A dump's statements into one database: what is tried again, left out or missing."""

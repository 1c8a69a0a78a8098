"""Throw-away PostgreSQL servers, and what is restored into them."""

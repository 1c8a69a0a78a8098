"""A restore from its beginning to its end, and what can be said of it beforehand."""

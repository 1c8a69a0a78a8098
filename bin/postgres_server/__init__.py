"""The PostgreSQL server of a trial: which wheel, its hashes, and what of it is used."""

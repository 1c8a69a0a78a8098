"""What a dump of a database does not hold: by itself, or because the user wished so."""

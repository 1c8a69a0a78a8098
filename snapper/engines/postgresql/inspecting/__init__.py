"""The facts of a server and a database, which go into the manifest."""

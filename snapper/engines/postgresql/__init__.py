"""All that is PostgreSQL's: its connections, clients, dumps, restores and throw-away servers."""

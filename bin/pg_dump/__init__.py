"""The PostgreSQL client tools: which releases, their hashes, and how they are fetched."""

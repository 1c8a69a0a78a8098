"""Names as SQL writes them, in every encoding, and the names that are a provider's own."""

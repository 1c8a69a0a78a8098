"""Pure values: what Snapper knows, without touching anything outside."""

"""What Snapper does: one verb, one file, composed from values and edges."""

"""What Snapper costs, measured; nothing here passes or fails."""

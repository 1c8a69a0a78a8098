"""How Snapper is deployed: one capability, one component, one file."""

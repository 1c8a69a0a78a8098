"""The demo, from the sample data to the comparison of what was restored."""

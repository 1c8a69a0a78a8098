"""What dumps and restores: one room for each engine, and here what engines share."""

"""Which statements of a dump make some of its tables, with what these need, and under what name."""

"""A Pulumi program of its own: the second bucket of a stage, in an account of its own."""

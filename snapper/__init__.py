"""Snapper's core: shared by the Lambda handlers, the batch job, the command line and the tests."""

__version__ = "1.0.0"

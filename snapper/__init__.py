"""Snapper's core: shared by the Lambda handlers, the command line and the tests."""

__version__ = "1.0.0"

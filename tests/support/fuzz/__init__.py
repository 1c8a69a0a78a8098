"""Targets for fuzzers, and the rules they hold the code to."""

"""A second engine that exists in the tests alone: its "database" is a text file.

A dump is its lines and an end marker. It shows that an engine fits in without a line of it outside
its own folder and `ENGINES`.
"""

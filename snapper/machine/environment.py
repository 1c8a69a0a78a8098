"""Variables of the shell that runs us, by which it would have a say in what a library does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

IDENTITY_VARIABLE = "SNAPPER_IDENTITY"
"""The variable with the key that opens sealed backups."""

_taken: dict[str, str] = {}


def take_secret(name: str) -> str:
    """Give a variable that holds a secret, and take it away: no child of ours inherits it."""
    if name in os.environ:
        _taken[name] = os.environ.pop(name)
    return _taken.get(name, "")


@contextmanager
def without_variables(prefix: str) -> Iterator[None]:
    """Hide those whose names begin so, from us and our children, while the block runs."""
    hidden = {name: value for name, value in os.environ.items() if name.startswith(prefix)}
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)

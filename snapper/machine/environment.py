"""Variables of the shell that runs us, by which it would have a say in what a library does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

IDENTITY_VARIABLE = "SNAPPER_IDENTITY"
"""The variable with the key that opens sealed backups."""

_withheld: dict[str, str] = {}


def withhold(name: str) -> None:
    """Take a variable that holds a secret out of our environment, so that no child inherits it."""
    _withheld[name] = os.environ.pop(name, "")


def withheld(name: str) -> str:
    """Give what such a variable held; nothing where it was not set."""
    return _withheld.get(name, "")


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

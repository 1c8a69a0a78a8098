"""Variables of the shell that runs us, by which it would have a say in what a library does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


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

"""The variables that say to libpq where its own databases are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def told_nothing() -> Iterator[None]:
    """Keep PGHOST, PGSERVICE and the like from meaning the throw-away servers.

    They do not reach the deployed dumper either: a user's own database is met as it meets it.
    """
    own = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    for name in own:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(own)

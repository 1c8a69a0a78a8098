"""The variables that say to libpq where its own databases are."""

from contextlib import AbstractContextManager

from snapper.machine.environment import without_variables


def told_nothing() -> AbstractContextManager[None]:
    """Keep PGHOST, PGSERVICE and the like from meaning the throw-away servers.

    They do not reach the deployed dumper either: a user's own database is met as it meets it.
    """
    return without_variables("PG")

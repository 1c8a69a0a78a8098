"""A server that others dump already."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from snapper.engines.postgresql.dumping.turn import NAME, turn
from snapper.values.secrets import Database
from tests.support.databases import query


@contextmanager
def busy(dsn: str, dumps: int = 2) -> Iterator[None]:
    """Be so many that dump this database's server."""
    with ExitStack() as stack:
        for _ in range(dumps):
            other = Database("other", dsn, 1)
            stack.enter_context(turn(other, 100, 60, long_waited=False))
        yield


def dumps_on(dsn: str) -> int:
    """Count the sessions that say that they dump."""
    sql = f"SELECT FROM pg_stat_activity WHERE application_name LIKE '{NAME}%'"
    return len(query(dsn, sql))

"""A database of the deployed stage with a backup, and names for where it may be restored to."""

from collections.abc import Iterator
from contextlib import contextmanager

from snapper.values.manifest import Manifest
from tests.support.databases import Source
from tests.support.stage import StageUnderTest

TABLE = "CREATE TABLE orders AS SELECT generate_series(1, 100) AS n"
COUNT = "SELECT count(*) FROM orders"


@contextmanager
def backed_up(
    stage: StageUnderTest, key: str, sql: str = TABLE, major: int = 18
) -> Iterator[tuple[Source, Manifest]]:
    source = stage.source(major, sql)
    with stage.database(key, source.dsn):
        yield source, stage.back_up(key)

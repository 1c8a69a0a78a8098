"""The session that holds the snapshot of several pg_dumps: no time-out of the server's ends it."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import cast

import psycopg2
import pytest

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.together import Together
from snapper.values.secrets import Database
from tests.support import banded
from tests.support.cloud import eventually
from tests.support.databases import Source

TWO = "CREATE TABLE a AS SELECT 1 AS n; CREATE TABLE b AS SELECT 2 AS n"
SECONDS = 5
TIME_OUTS = {
    "statement_timeout": 14,
    "lock_timeout": 14,
    "idle_in_transaction_session_timeout": 14,
    "idle_session_timeout": 14,
    "transaction_timeout": 17,
}
"""What a login may be set to, by the first major that knows it."""

_NUMBERS = itertools.count(1)


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    banded.small_is_large(monkeypatch)


@contextmanager
def as_impatient(made: Source) -> Iterator[str]:
    """Give a login that every time-out of the server ends after some seconds."""
    name = f"impatient_{next(_NUMBERS)}"
    made.run(f"CREATE ROLE {name} LOGIN PASSWORD 'pw' IN ROLE pg_read_all_data")
    try:
        for setting, since in TIME_OUTS.items():
            if made.server.major >= since:
                made.run(f"ALTER ROLE {name} SET {setting} = '{SECONDS}s'")
        yield made.as_role(name, "pw")
    finally:
        made.run(f"DROP ROLE {name}")


@pytest.mark.parametrize("major", [14, 17, 18])
def test_it_has_none(tools: ClientTools, source: Callable[..., Source], major: int) -> None:
    made = source(major, TWO)
    with as_impatient(made) as dsn:
        dump = cast("Together", banded.in_bands(tools, Database("orders", dsn, 2)))
        with dump, dump._holder._link.cursor() as cursor:
            cursor.execute(
                "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting <> '0'",
                [list(TIME_OUTS)],
            )
            # It waits for a table as long as pg_dump does, and never else.
            assert cursor.fetchall() == [("lock_timeout",)]


@pytest.mark.long
@pytest.mark.parametrize("major", [14, 17, 18])
def test_it_outlives_them_all_and_so_do_the_programs(
    tools: ClientTools, source: Callable[..., Source], major: int
) -> None:
    made = source(major, TWO)
    with as_impatient(made) as dsn:
        dump = cast("Together", banded.in_bands(tools, Database("orders", dsn, 2)))
        with dump, closing(psycopg2.connect(dsn)) as another:
            another.cursor().execute("SELECT 1")
            texts = banded.texts(dump)
            text = next(texts)
            holder = dump._holder._link.info.backend_pid
            old = (
                f"SELECT clock_timestamp() - xact_start > interval '{SECONDS + 1} s'"
                f" FROM pg_stat_activity WHERE pid = {holder}"
            )
            eventually(lambda: made.rows(old) == [(True,)])
            text += b"".join(texts)
            dump.commit()
            assert b"database dump complete" in text
            # Whoever has not set them aside is ended.
            with pytest.raises(psycopg2.OperationalError):
                another.cursor().execute("SELECT 1")

"""A pg_dump that says nothing is judged by its server: by what its session does there."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2
import pytest

from snapper.engines.checked_dump import Silence
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.silence import why_silent
from snapper.errors import DumpFailed
from tests.support.cloud import eventually
from tests.support.databases import Source
from tests.support.engines import postgresql

LONG_AGO = 0.0
"""Seconds of silence after which whatever a session did is long ago."""


def judged(source: Source, silent: float = LONG_AGO, name: str = "") -> Silence | None:
    asking = Connection.parse(source.dsn)
    return why_silent(asking, redactor(source.dsn), silent, lambda _: None, name=name)


@contextmanager
def session(
    source: Source, *statements: str, name: str = "snapper"
) -> Iterator[psycopg2.extensions.connection]:
    """Be a session of pg_dump that is in the midst of its transaction."""
    link = psycopg2.connect(source.dsn, application_name=name)
    try:
        for statement in statements:
            link.cursor().execute(statement)
        yield link
    finally:
        link.close()


@contextmanager
def doing(source: Source, statement: str, state: str) -> Iterator[None]:
    """Have such a session do something until it is ended, from when the server says so."""
    with session(source) as link:
        thread = threading.Thread(target=_run, args=(link, statement), daemon=True)
        thread.start()
        seen = f"SELECT FROM pg_stat_activity WHERE datname = '{source.name}' AND {state}"
        postgres = Source(source.server, "postgres")
        eventually(lambda: postgres.rows(seen))
        yield
        postgres.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{source.name}' AND application_name = 'snapper'"
        )
        thread.join(60)


def _run(link: psycopg2.extensions.connection, statement: str) -> None:
    with pytest.raises(psycopg2.Error):
        link.cursor().execute(statement)


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_a_session_that_works_is_waited_for(major: int, source: Callable[..., Source]) -> None:
    made = source(major)
    with doing(made, "SELECT pg_sleep(3600)", "wait_event = 'PgSleep'"):
        assert judged(made) is None


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
def test_one_that_waits_for_a_lock_is_not_and_who_holds_it_is_named(
    major: int, source: Callable[..., Source]
) -> None:
    made = source(major)
    lock = psycopg2.connect(made.dsn)
    lock.cursor().execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
    with doing(made, "SELECT * FROM t", "wait_event_type = 'Lock'"):
        found = judged(made)
    assert found is not None
    assert f"that process {lock.info.backend_pid} holds" in found.words
    lock.close()


def test_one_that_waits_for_us_is_not_but_if_it_did_something_meanwhile(
    source: Callable[..., Source],
) -> None:
    made = source()
    with session(made, "SELECT 1"):
        found = judged(made)
        assert found is not None
        assert "waits for pg_dump" in found.words
        # As one that answers one small question after the other, far away.
        assert judged(made, 3600.0) is None


def test_one_that_is_gone_is_told_as_lost(source: Callable[..., Source]) -> None:
    made = source()
    # Neither is another user's session, nor another program's.
    other = psycopg2.connect(made.dsn)
    found = judged(made)
    other.close()
    assert found is not None
    assert "no session of it" in found.words


@pytest.mark.long
def test_a_dump_that_waits_for_a_lock_without_a_limit_is_given_up_by_the_holders_name(
    source: Callable[..., Source], tools: ClientTools
) -> None:
    made, engine = (
        source(17, "CREATE TABLE t (n int); CREATE VIEW seen AS TABLE t"),
        postgresql(tools),
    )
    orders = made.database()
    facts = engine.inspect(orders, 300)
    lock = psycopg2.connect(made.dsn)
    lock.cursor().execute("ALTER VIEW seen RENAME TO hidden")
    holder = lock.info.backend_pid
    try:
        with engine.dump(orders, facts, 1.0) as dump:
            # Nobody waits for it before it waits itself, however long it takes to begin.
            waits = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '{}'"
            postgres = Source(made.server, "postgres")
            eventually(lambda: postgres.rows(waits.format(made.name)))
            told = f"without output: its session .* process {holder} "
            with pytest.raises(DumpFailed, match=told):
                dump.read(1)
    finally:
        lock.close()


def test_of_several_the_one_of_that_name_is_judged(source: Callable[..., Source]) -> None:
    made = source()
    with doing(made, "SELECT pg_sleep(600)", "wait_event = 'PgSleep'"):
        with session(made, "BEGIN", name="snapper band 1"):
            found = judged(made, name="snapper band 1")
            assert found
            assert "waits for pg_dump" in found.words
        assert judged(made) is None
        found = judged(made, name="snapper band 2")
        assert found
        assert "no session of it" in found.words

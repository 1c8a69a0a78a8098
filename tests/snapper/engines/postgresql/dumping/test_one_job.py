"""Where several pg_dumps are not worth it, or cannot share a snapshot, one makes the dump."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from snapper.engines import bands
from snapper.engines.bands import Bands, OneJob
from snapper.engines.postgresql.dumping import dealing, holder
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.errors import DumpFailed
from snapper.values.secrets import Database
from tests.support import banded, poolers
from tests.support.cloud import eventually
from tests.support.databases import Source, query
from tests.support.engines import postgresql
from tests.support.standby import standby

TWO = "CREATE TABLE a AS SELECT 1 AS n; CREATE TABLE b AS SELECT 2 AS n"


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    banded.small_is_large(monkeypatch)


@pytest.fixture
def two(source: Callable[..., Source]) -> Iterator[Source]:
    """Give a database of two tables; no session of ours is left in it."""
    made = source(17, TWO)
    yield made
    ours = f"datname = '{made.name}' AND application_name LIKE 'snapper%'"
    left = f"SELECT pid FROM pg_stat_activity WHERE {ours}"
    eventually(lambda: not query(made.server.dsn(), left), what="our sessions did not end")


def one_job(tools: ClientTools, database: Database, jobs: int = 2) -> OneJob:
    made = banded.started(tools, database, jobs)
    assert isinstance(made, OneJob)
    return made


def when_alone(tools: ClientTools, made: Source, database: Database) -> Bands | OneJob:
    """Start eight jobs when nobody else has a session in the database any more."""
    engine = postgresql(tools)
    facts = engine.inspect(database, banded.PATIENCE)
    there = f"SELECT pid FROM pg_stat_activity WHERE datname = '{made.name}'"
    eventually(lambda: not query(made.server.dsn(), there), what="the sessions did not end")
    return engine.dump_in_bands(database, facts, banded.PATIENCE, 8)


@contextmanager
def as_limited(made: Source, limit: str) -> Iterator[Database]:
    made.run("CREATE ROLE limited LOGIN PASSWORD 'pw' IN ROLE pg_read_all_data")
    try:
        made.run(limit)
        yield Database("orders", made.as_role("limited", "pw"), 2)
    finally:
        made.run("DROP ROLE limited")


def test_one_is_all_that_was_asked_for(tools: ClientTools, two: Source) -> None:
    assert one_job(tools, two.database(), 1) == OneJob()


def test_the_database_is_small(
    tools: ClientTools, two: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bands, "LEAST", 1 << 30)
    assert one_job(tools, two.database()) == OneJob()


def test_no_table_is_large(
    tools: ClientTools, two: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dealing, "SMALLEST", 1 << 20)
    assert one_job(tools, two.database()) == OneJob()


def test_a_pooler_lies_between(tools: ClientTools, two: Source) -> None:
    direct = f"127.0.0.1:{two.server.port}"
    with poolers.dropping(two.server.port) as port:
        database = Database("orders", two.dsn.replace(direct, f"127.0.0.1:{port}"), 2)
        assert "pooler" in one_job(tools, database).reason


def test_a_pooler_that_keeps_options_is_known_by_the_number_it_gives(
    tools: ClientTools, two: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holder.Holder, "is_direct", lambda _: False)
    assert "pooler" in one_job(tools, two.database()).reason


@pytest.mark.parametrize(
    "limit", ["ALTER ROLE limited CONNECTION LIMIT 5", 'ALTER DATABASE "{}" CONNECTION LIMIT 5']
)
def test_too_few_connections_are_left(tools: ClientTools, two: Source, limit: str) -> None:
    with as_limited(two, limit.format(two.name)) as database:
        given = when_alone(tools, two, database)
    assert isinstance(given, OneJob)
    assert given.reason == "the server has room for 4 more connections, and two jobs take 5"
    assert "CONNECTION LIMIT" in given.hint


def test_as_many_as_there_is_room_for(tools: ClientTools, two: Source) -> None:
    with as_limited(two, "ALTER ROLE limited CONNECTION LIMIT 6") as database:
        made = when_alone(tools, two, database)
        assert not isinstance(made, OneJob)
        with made:
            assert len(made.bands) == 2


def test_the_server_shares_no_snapshot(
    tools: ClientTools, two: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holder, "_EXPORT", "SELECT 1 / 0")
    given = one_job(tools, two.database())
    assert given.reason == "the server shares no snapshot: division by zero"
    assert "dumpJobs" in given.hint


def test_a_table_is_locked_for_as_long_as_pg_dump_waits(
    tools: ClientTools, two: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holder, "_LOCK_WAIT", "100ms")
    engine = postgresql(tools)
    facts = engine.inspect(two.database(), banded.PATIENCE)
    with two.locked("a"):
        given = engine.dump_in_bands(two.database(), facts, banded.PATIENCE, 2)
    assert isinstance(given, OneJob)
    assert "lock timeout" in given.reason


def test_somebody_has_taken_away_what_everybody_may_read(tools: ClientTools, two: Source) -> None:
    with as_limited(two, "REVOKE SELECT ON pg_stat_activity FROM PUBLIC") as database:
        two.run("REVOKE pg_read_all_data FROM limited")
        given = one_job(tools, database)
    assert given.reason == (
        "the server shares no snapshot: permission denied for view pg_stat_activity"
    )


def test_of_several_hosts_all_go_where_the_first_has_gone(
    tools: ClientTools, source: Callable[..., Source], refusing_port: int
) -> None:
    made, other = source(17, TWO), source(18, TWO)
    direct = f"127.0.0.1:{made.server.port}"
    several = f"127.0.0.1:{refusing_port},{direct},127.0.0.1:{other.server.port}"
    database = Database("orders", made.dsn.replace(direct, several), 2)
    assert b"database version 17" in banded.joined(tools, database)


def test_another_server_has_no_such_snapshot(
    tools: ClientTools, two: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holder.Holder, "export", lambda _: "00000003-0000001B-1")
    with pytest.raises(DumpFailed, match="snapshot") as failed:
        banded.joined(tools, two.database())
    assert "different servers" in failed.value.hint


@pytest.mark.long
def test_a_standby_shares_its_snapshots_too(tools: ClientTools, run_dir: Path) -> None:
    with standby(17, run_dir / "banded", f"{TWO}; CREATE UNLOGGED TABLE u (n int)") as made:
        assert b'COPY "public"."b"' in banded.joined(tools, made.database())

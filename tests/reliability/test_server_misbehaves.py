"""A server or a network that goes away, hangs or crawls: a whole backup, or none and a reason."""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from snapper.aws.vault import Vault
from snapper.engines.facts import Client, Facts
from snapper.engines.postgresql.engine import PostgreSQL
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import DatabaseUnreachable, DumpFailed, SnapperError
from snapper.values.secrets import Database
from snapper.verbs.dump import Dumper
from tests.support.canary import CANARY
from tests.support.cloud import eventually
from tests.support.databases import Source, job
from tests.support.dumps import CONTENTS, DUMP, LARGE, MANIFEST
from tests.support.faults import faulted
from tests.support.few import few
from tests.support.proxy import Proxy
from tests.support.vaults import keys, open_uploads

SMALL = """
CREATE TABLE small AS SELECT n, md5(n::text) AS v FROM generate_series(1, 3000) AS n;
CREATE INDEX ON small (v); CREATE VIEW seen AS SELECT * FROM small; CREATE SEQUENCE s
"""


@pytest.fixture(scope="session")
def fragile(run_dir: Path) -> Iterator[Source]:
    """Give a database on a server that may be killed, if it is started again."""
    with PostgresServer(17, run_dir / "fragile", CANARY, tcp=True) as server:
        made = Source(server, "postgres")
        made.run(LARGE)
        # Throw-away servers write when they have time: what is to outlive a kill, they must now.
        made.run("CHECKPOINT")
        yield made


def through(source: Source, proxy: Proxy, more: str = "") -> Database:
    """Give the database as it is reached through the proxy."""
    direct, mediate = f"127.0.0.1:{source.server.port}", f"127.0.0.1:{proxy.port}"
    return Database("orders", source.dsn.replace(direct, mediate) + more, 2)


def assert_all_or_nothing(dumper: Dumper, outcome: object) -> None:
    """A manifest was given: there is the whole backup. None was given: there is nothing."""
    assert open_uploads(dumper.vault) == []
    if isinstance(outcome, SnapperError):
        assert isinstance(outcome, DumpFailed | DatabaseUnreachable)
        assert keys(dumper.vault) == []
    else:
        assert keys(dumper.vault) == [CONTENTS, MANIFEST, DUMP]
        assert b"database dump complete" in gzip.decompress(dumper.vault.read(DUMP))[-200:]


def result(dumper: Dumper, database: Database) -> object:
    """Dump, and give the manifest or the error."""
    try:
        return dumper.dump(job(), database)
    except SnapperError as error:
        return error


def answer_of(source: Source, dumper: Dumper) -> int:
    """Count the bytes that the server answers to a dump which goes well."""
    with Proxy(source.server.port) as proxy:
        assert dumper.dump(job(), through(source, proxy)) is not None
        return proxy.answered


def clear(vault: Vault) -> None:
    for key in keys(vault):
        vault.delete(key)


def cut_everywhere(source: Source, dumper: Dumper, points: int) -> list[object]:
    """Cut the connection at many points of the answer, with an end and with a reset."""
    length = answer_of(source, dumper)
    outcomes = []
    for point in range(points):
        for reset in (False, True):
            clear(dumper.vault)
            after = length * point // (points - 1) - (point == points - 1)
            with (
                faulted("server: connection cut at byte n"),
                Proxy(source.server.port, cut_after=after, reset=reset) as proxy,
            ):
                outcomes.append(result(dumper, through(source, proxy)))
                assert_all_or_nothing(dumper, outcomes[-1])
    return outcomes


def test_a_connection_cut_at_any_byte_leaves_nothing(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    outcomes = cut_everywhere(source(17, SMALL), dumper, 3)
    assert sum(isinstance(outcome, SnapperError) for outcome in outcomes) >= 4


@pytest.mark.long
def test_a_connection_cut_at_very_many_bytes_leaves_nothing(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    outcomes = cut_everywhere(source(18, SMALL), dumper, 300)
    assert sum(isinstance(outcome, SnapperError) for outcome in outcomes) >= 590


@pytest.mark.parametrize(
    "share", [0.0, *(pytest.param(each, marks=pytest.mark.long) for each in (0.05, 0.4, 0.8, 0.99))]
)
def test_a_server_that_falls_silent_is_given_up(
    share: float, source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(17, SMALL)
    length = answer_of(made, dumper)
    clear(dumper.vault)
    impatient = replace(dumper, patience=1.0)
    with (
        faulted("server: falls silent at byte n"),
        Proxy(made.server.port, stall_after=int(length * share)) as proxy,
    ):
        outcome = result(impatient, through(made, proxy, "?connect_timeout=2"))
        assert isinstance(outcome, SnapperError)
        assert any(word in str(outcome) for word in ("timeout", "no answer", "without output"))
        assert_all_or_nothing(dumper, outcome)


class Listening(Vault):
    """A vault that notes how long each next byte of a dump may take."""

    def __init__(self, inner: Vault) -> None:
        super().__init__(inner.bucket, inner._client)
        self.waits: list[float] = []

    def upload(self, stream: Any, *arguments: Any) -> None:
        program = stream._pieces._programs
        poll = program._output.poll

        def note(milliseconds: float) -> object:
            self.waits.append(milliseconds)
            return poll(milliseconds)

        program._output = SimpleNamespace(poll=note)
        super().upload(stream, *arguments)


@pytest.mark.long
def test_a_slow_server_is_not_a_silent_one(source: Callable[..., Source], dumper: Dumper) -> None:
    """However long it takes in all: for each next byte there is the whole patience."""
    made, vault = source(17, SMALL), Listening(dumper.vault)
    with faulted("server: slow"), Proxy(made.server.port, pace=300_000) as proxy:
        outcome = result(replace(dumper, vault=vault), through(made, proxy))
        assert not isinstance(outcome, SnapperError)
        assert_all_or_nothing(dumper, outcome)
        assert len(vault.waits) > 3
        assert set(vault.waits) == {dumper.patience * 1000}


@dataclass(frozen=True)
class Blow:
    """What becomes of a server in the midst of a dump."""

    name: str
    deal: Callable[[PostgresServer], None]

    def __str__(self) -> str:
        return self.name


def _restart(server: PostgresServer) -> None:
    server.stop()
    server.start()


def _crash_and_restart(server: PostgresServer) -> None:
    server.crash()
    server.start()


BLOWS = [
    Blow("killed with -9", PostgresServer.crash),
    pytest.param(Blow("stopped", PostgresServer.stop), marks=pytest.mark.long),
    Blow("restarted", _restart),
    pytest.param(
        Blow("killed with -9 and started again", _crash_and_restart), marks=pytest.mark.long
    ),
]


@pytest.mark.parametrize("blow", few(BLOWS), ids=str)
def test_a_server_that_goes_away_mid_dump_leaves_nothing_and_serves_the_next_delivery(
    blow: Blow, fragile: Source, dumper: Dumper
) -> None:
    class Striking(Vault):
        def upload(self, stream: Any, *arguments: Any) -> None:
            assert stream.read(1 << 20)
            blow.deal(fragile.server)
            super().upload(stream, *arguments)

    striking = Striking(dumper.vault.bucket, dumper.vault._client)
    with faulted("server: goes away mid-dump"):
        outcome = result(replace(dumper, vault=striking), fragile.database())
        assert isinstance(outcome, DumpFailed)
        assert outcome.retry
        assert "server" in outcome.hint
        assert_all_or_nothing(dumper, outcome)
        if "start" not in blow.name:
            fragile.server.start()
        assert dumper.dump(job(), fragile.database()) is not None
        assert_all_or_nothing(dumper, None)


def test_a_database_that_vanishes_before_pg_dump_comes_leaves_nothing(
    source: Callable[..., Source], dumper: Dumper, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, client_for = source(17, SMALL), PostgreSQL.client_for

    def drop(engine: PostgreSQL, facts: Facts) -> Client:
        Source(made.server, "postgres").run(f'DROP DATABASE "{made.name}" WITH (FORCE)')
        return client_for(engine, facts)

    monkeypatch.setattr(PostgreSQL, "client_for", drop)
    with faulted("server: database vanishes"):
        outcome = result(dumper, made.database())
        assert isinstance(outcome, DumpFailed)
        assert f'database "{made.name}" does not exist' in str(outcome)
        assert_all_or_nothing(dumper, outcome)


@pytest.mark.long
def test_a_table_that_vanishes_mid_dump_cannot(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(17, LARGE)

    class Dropping(Vault):
        def upload(self, stream: Any, *arguments: Any) -> None:
            with pytest.raises(Exception, match="lock timeout"):
                made.run("SET lock_timeout = '100ms'; DROP TABLE large")
            super().upload(stream, *arguments)

    vault = Dropping(dumper.vault.bucket, dumper.vault._client)
    with faulted("server: table dropped mid-dump"):
        # pg_dump has its locks once the first byte has come.
        outcome = result(replace(dumper, vault=_Begun(vault)), made.database())
        assert_all_or_nothing(dumper, outcome)
        assert gzip.decompress(dumper.vault.read(DUMP)).count(b"\n") > 400


class _Begun(Vault):
    """A vault whose upload starts when the dump has begun to flow."""

    def __init__(self, inner: Vault) -> None:
        super().__init__(inner.bucket, inner._client)
        self._inner = inner

    def upload(self, stream: Any, *arguments: Any) -> None:
        eventually(lambda: stream._pieces._programs._tail)
        self._inner.upload(stream, *arguments)

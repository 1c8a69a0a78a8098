"""A server that cannot be reached, trusted or read: a clear word, nothing stored or waiting."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from snapper.engines.postgresql import found
from snapper.engines.postgresql.dumping import pg_dump
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.server import ServerFacts, inspect
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import DatabaseUnreachable, DatabaseUnsupported, DumpFailed, SnapperError
from snapper.values.secrets import Database
from snapper.verbs.dump import Dumper
from tests.support.canary import CANARY
from tests.support.certificates import DAY, Authority
from tests.support.cloud import eventually
from tests.support.databases import Source, job
from tests.support.dumps import CONTENTS, DUMP, MANIFEST
from tests.support.engines import engines
from tests.support.faults import faulted
from tests.support.vaults import keys, open_uploads

PLACE = "postgresql://reader:h1dden%40word@{host}/d?connect_timeout=2"


def refusal(dumper: Dumper, database: Database, kind: type[SnapperError]) -> SnapperError:
    """Dump, and give the error; nothing is stored, and no secret is told."""
    with pytest.raises(kind) as refused:
        dumper.dump(job(), database)
    told = f"{refused.value} {refused.value.hint}"
    assert not [piece for piece in ("p@ss", "%40ss", "h1dden", "wr0ng") if piece in told]
    assert (keys(dumper.vault), open_uploads(dumper.vault)) == ([], [])
    return refused.value


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """Give the address of something that says these bytes to everybody; None is silence."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        lines: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                    lines.append(line)
                    if answer is not None:
                        line.recv(1024)
                        line.sendall(answer)
                        line.shutdown(socket.SHUT_WR)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for line in lines:
            line.close()


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b"N",
        b"S",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\0" * 900,
        b"R" * 900,
        b"E\0\0\0\4",
    ],
    ids=["silence", "an end", "no TLS", "false TLS", "HTTP", "zeros", "letters", "half an error"],
)
def test_what_is_no_postgresql_server_is_told_as_unreachable(
    answer: bytes | None, dumper: Dumper
) -> None:
    with faulted("server: is none"), answering(answer) as host:
        database = Database("orders", PLACE.format(host=host), 2)
        assert host in str(refusal(dumper, database, DatabaseUnreachable))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("p%40ss", "wr0ng"), "password authentication failed"),
        (("127.0.0.1", "nowhere.invalid"), "could not translate host name"),
        (("/source", "/missing"), "does not exist"),
        (("postgres:", "stranger:"), "password authentication failed"),
    ],
)
def test_a_connection_that_is_wrong_is_told_by_what_is_wrong(
    change: tuple[str, str], word: str, source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source()
    with faulted("server: refuses"):
        database = Database("orders", made.dsn.replace(*change), 2)
        assert word in str(refusal(dumper, database, DatabaseUnreachable))


def test_a_port_where_nobody_listens_is_told_with_a_hint(
    dumper: Dumper, refusing_port: int
) -> None:
    with faulted("server: refuses"):
        database = Database("orders", PLACE.format(host=f"127.0.0.1:{refusing_port}"), 2)
        error = refusal(dumper, database, DatabaseUnreachable)
        assert "refused" in str(error)
        assert "subnetIds" in error.hint


def test_a_server_without_a_free_connection_is_told(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(17, "CREATE ROLE crowded LOGIN PASSWORD 'wr0ng' CONNECTION LIMIT 0")
    with faulted("server: refuses"):
        database = Database("orders", _as(made, "crowded"), 2)
        assert "too many connections" in str(refusal(dumper, database, DatabaseUnreachable))


def test_tls_that_is_required_of_a_plain_server_is_refused(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source()
    with faulted("server: TLS"):
        database = Database("orders", f"{made.dsn}?sslmode=require", 2)
        assert "does not support SSL" in str(refusal(dumper, database, DatabaseUnreachable))


@pytest.mark.parametrize(
    ("host", "lasts", "trusted", "word"),
    [
        ("localhost", -1, "own", "certificate verify failed"),
        ("localhost", 1, "stranger", "certificate verify failed"),
        ("elsewhere", 1, "own", "does not match host name"),
        ("localhost", 1, "nobody", "root certificate file"),
        ("localhost", 1, "own", ""),
    ],
)
def test_a_certificate_is_believed_only_if_all_of_it_is_right(
    host: str, lasts: int, trusted: str, word: str, run_dir: Path, dumper: Dumper
) -> None:
    directory = run_dir / f"tls-{host}-{lasts}-{trusted}"
    directory.mkdir()
    authorities = {name: Authority(directory, name) for name in ("own", "stranger")}
    shown = authorities["own"].sign(host, lasts * DAY)
    roots = directory / f"{trusted}.pem"
    with PostgresServer(17, run_dir / "tls", CANARY, settings=shown, tcp=True) as server:
        direct = f"127.0.0.1:{server.port}"
        named = server.dsn().replace(direct, f"localhost:{server.port}")
        more = f"?sslmode=verify-full&sslrootcert={roots}&hostaddr=127.0.0.1"
        database = Database("orders", named + more, 2)
        with faulted("server: TLS"):
            if word:
                error = refusal(dumper, database, DatabaseUnreachable)
                assert word in str(error)
                assert "certificate" in error.hint
            else:
                made = dumper.dump(job(), database)
                assert made is not None
                assert made.encrypted_connection


def test_a_server_newer_than_every_client_is_refused(
    source: Callable[..., Source],
    dumper: Dumper,
    tools: ClientTools,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for major in (14, 15, 16, 17):
        (tmp_path / str(major)).symlink_to(tools.root / str(major))
    (tmp_path / "lib").symlink_to(tools.root / "lib")
    with faulted("server: newer than every client"):
        older = replace(dumper, engines=engines(ClientTools(tmp_path)))
        error = refusal(older, source(18).database(), DatabaseUnsupported)
        assert "PostgreSQL 18, the newest bundled client is 17" in str(error)

    def from_the_future(*arguments: object) -> ServerFacts:
        return replace(inspect(*arguments), major=99, version="99.0")  # type: ignore[arg-type]

    monkeypatch.setattr(found, "inspect", from_the_future)
    with faulted("server: newer than every client"):
        error = refusal(dumper, source(18).database(), DatabaseUnsupported)
        assert "PostgreSQL 99" in str(error)


ROLE = "CREATE ROLE {name} LOGIN PASSWORD 'wr0ng'; GRANT pg_read_all_data TO {name};"


@pytest.mark.parametrize(
    ("name", "sql", "word", "fix"),
    [
        (
            "blind",
            "CREATE TABLE seen (n int); CREATE TABLE unseen (n int);"
            " CREATE ROLE blind LOGIN PASSWORD 'wr0ng'; GRANT SELECT ON seen TO blind",
            "permission denied for table unseen",
            "pg_read_all_data",
        ),
        (
            "narrow",
            "CREATE TABLE rows (n int); ALTER TABLE rows ENABLE ROW LEVEL SECURITY;"
            + ROLE.format(name="narrow"),
            "row-level security",
            "BYPASSRLS",
        ),
        (
            "small",
            "SELECT lo_from_bytea(4711, 'a');" + ROLE.format(name="small"),
            "permission denied for large object 4711",
            "LARGE OBJECT",
        ),
    ],
)
def test_a_role_that_may_not_read_all_of_it_makes_no_backup(
    name: str, sql: str, word: str, fix: str, source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(17, sql)
    with faulted("server: rights"):
        error = refusal(dumper, Database("orders", _as(made, name), 2), DumpFailed)
        assert word in str(error)
        assert fix in error.hint


@pytest.mark.long
def test_a_locked_table_ends_the_wait_with_its_name_and_nobody_waits_on(
    source: Callable[..., Source], dumper: Dumper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pg_dump, "LOCK_WAIT", "1s")
    made = source(17, "CREATE TABLE held (n int)")
    with _locked(made, "LOCK TABLE held IN ACCESS EXCLUSIVE MODE"), faulted("server: locks"):
        error = refusal(dumper, made.database(), DumpFailed)
        assert 'LOCK TABLE "public"."held"' in str(error)
        assert "a table was locked" in error.hint
        eventually(lambda: not _sessions(made))


@pytest.mark.long
@pytest.mark.parametrize(
    "statement",
    ["ALTER VIEW seen RENAME TO hidden", "LOCK TABLE pg_catalog.pg_class IN ACCESS EXCLUSIVE MODE"],
)
def test_a_lock_without_time_limit_is_given_up_and_nobody_waits_on(
    statement: str, source: Callable[..., Source], dumper: Dumper
) -> None:
    made = source(17, "CREATE TABLE t (n int); CREATE VIEW seen AS TABLE t")
    impatient = replace(dumper, patience=2.0)
    with _locked(made, statement), faulted("server: locks"):
        with pytest.raises((DumpFailed, DatabaseUnreachable)) as refused:
            impatient.dump(job(), Database("orders", f"{made.dsn}?connect_timeout=2", 2))
        assert any(
            word in str(refused.value) for word in ("without output", "no answer", "timeout")
        )
        assert (keys(dumper.vault), open_uploads(dumper.vault)) == ([], [])
        eventually(lambda: not _sessions(made))


def test_a_database_of_no_tables_is_a_whole_backup(
    source: Callable[..., Source], dumper: Dumper
) -> None:
    with faulted("server: zero tables"):
        assert dumper.dump(job(), source(17, "SELECT 1").database()) is not None
        assert keys(dumper.vault) == [CONTENTS, MANIFEST, DUMP]
        assert b"database dump complete" in gzip.decompress(dumper.vault.read(DUMP))


def _as(source: Source, role: str) -> str:
    """Give the connection of another role, whose password is wr0ng."""
    tail = source.dsn.split("@")[1]
    return f"postgresql://{role}:wr0ng@{tail}"


@contextmanager
def _locked(source: Source, statement: str) -> Iterator[None]:
    """Hold the locks that a statement takes."""
    link = psycopg2.connect(source.dsn)
    try:
        link.cursor().execute(statement)
        yield
    finally:
        link.close()


def _sessions(source: Source) -> list[tuple[object, ...]]:
    """Give the sessions of Snapper in the database, asked from outside of it."""
    return Source(source.server, "postgres").rows(
        "SELECT pid, state, query FROM pg_stat_activity"
        f" WHERE application_name = 'snapper' AND datname = '{source.name}'"
    )

"""Throw-away servers of every major: reachable from here only, and gone without a trace."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from bin.pg_dump import system_libraries
from bin.pg_dump.fetch import fetch
from bin.pg_dump.lock import MAJORS
from bin.pg_dump.platforms import Platform
from snapper.engines.postgresql.throw_away import PostgresServer
from snapper.errors import SnapperError
from snapper.machine import unprivileged, watchdog
from snapper.machine.run_directory import run_directory

ROOT = Path(__file__).parents[4]
PASSWORD = "a b@:/,|%&'\"\\=?#ü"


@pytest.fixture
def directory() -> Iterator[Path]:
    with run_directory() as path:
        yield path


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with run_directory() as path, PostgresServer(18, path / "server", PASSWORD) as running:
        yield running


def ask(dsn: str, query: str) -> str:
    connection = psycopg2.connect(dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return str(cursor.fetchone()[0])
    finally:
        connection.close()


@pytest.mark.parametrize("major", MAJORS)
def test_a_server_of_every_major_starts_and_stops(major: int, directory: Path) -> None:
    with PostgresServer(major, directory / "server") as server:
        assert ask(server.dsn(), "SHOW server_version").startswith(f"{major}.")
        assert ask(server.dsn(), "SHOW server_encoding") == "UTF8"
        port = server.port
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_password_of_awkward_characters_opens_the_door(server: PostgresServer) -> None:
    assert ask(server.dsn(), "SELECT current_user") == "postgres"
    assert ask(server.dsn(), "SHOW password_encryption") == "scram-sha-256"


def test_a_wrong_password_is_refused_over_tcp_and_the_socket(server: PostgresServer) -> None:
    for host in ("127.0.0.1", str(server.directory)):
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(
                host=host, port=server.port, user="postgres", password="wrong", dbname="postgres"
            )


def test_the_server_listens_on_loopback_only(server: PostgresServer) -> None:
    assert ask(server.dsn(), "SHOW listen_addresses") == "127.0.0.1"


def test_a_database_name_is_encoded(server: PostgresServer) -> None:
    connection = psycopg2.connect(server.dsn())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute('CREATE DATABASE "a/b ?%ü"')
    connection.close()
    assert ask(server.dsn("a/b ?%ü"), "SELECT current_database()") == "a/b ?%ü"


def test_a_long_path_goes_without_a_socket(directory: Path) -> None:
    with PostgresServer(18, directory / ("long" * 25)) as server:
        assert ask(server.dsn(), "SHOW unix_socket_directories") == ""


def test_a_stopped_server_keeps_its_data_and_settings(directory: Path) -> None:
    server = PostgresServer(14, directory / "server", settings={"max_connections": "7"})
    with server:
        connection = psycopg2.connect(server.dsn())
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE kept AS SELECT 1 AS one")
        connection.close()
    with server:
        assert ask(server.dsn(), "SELECT one FROM kept") == "1"
        assert ask(server.dsn(), "SHOW max_connections") == "7"


def test_a_crash_cuts_connections_and_leaves_no_process(directory: Path) -> None:
    server = PostgresServer(18, directory / "server")
    server.start()
    connection = psycopg2.connect(server.dsn())
    assert server._child
    members = watchdog.family([server._child.pid])
    assert len(members) > 3
    server.crash()
    assert not watchdog.alive(members)
    with pytest.raises(psycopg2.OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_a_killed_maker_leaves_no_server_and_no_file() -> None:
    program = (
        "import os, time; from snapper.machine.run_directory import run_directory;"
        "from snapper.engines.postgresql.throw_away import PostgresServer;"
        "run = run_directory(); path = run.__enter__();"
        "server = PostgresServer(18, path / 'server'); server.start();"
        "print(server._child.pid, path, flush=True); time.sleep(60)"
    )
    maker = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert maker.stdout is not None
    with maker.stdout:
        number, path = maker.stdout.readline().split()
    members = watchdog.family([int(number)])
    assert len(members) > 3
    maker.kill()
    maker.wait()
    deadline = time.monotonic() + 10
    while watchdog.alive(members) or Path(path).exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_setting_the_server_refuses_is_told_from_its_log(directory: Path) -> None:
    server = PostgresServer(18, directory / "server", settings={"no_such_thing": "1"})
    with pytest.raises(SnapperError, match="PostgreSQL 18 did not start") as caught:
        server.start()
    assert "no_such_thing" in caught.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_a_directory_that_the_servers_user_cannot_reach_is_refused(directory: Path) -> None:
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(SnapperError, match=f"{closed} is closed"):
        PostgresServer(18, closed / "server").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_programs_out_of_reach_are_copied(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed_parent(account: unprivileged.Account, path: Path) -> Path | None:
        return None if path == directory / "server" else path

    monkeypatch.setattr(unprivileged.Account, "closed_parent", closed_parent)
    with PostgresServer(18, directory / "server") as server:
        assert ask(server.dsn(), "SELECT 1") == "1"
        assert (directory / "server/programs/bin/postgres").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux's loader")
def test_missing_system_libraries_are_named_with_their_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Under changed names, two of its libraries are certainly missing.
    original = fetch(18, Platform.here()) / "bin" / "pg_dump"
    program = tmp_path / "pg_dump"
    changed = original.read_bytes().replace(b"libzstd.so.1", b"libodd1.so.9")
    program.write_bytes(changed.replace(b"libpq.so.5", b"libpg.so.5"))
    program.chmod(0o755)
    monkeypatch.setitem(system_libraries.PACKAGES, "libpg.so.5", ("libpg5", "libpg"))
    system_libraries.require_libraries([original])
    with pytest.raises(SnapperError, match=r"libraries: libodd1\.so\.9, libpg\.so\.5$") as caught:
        system_libraries.require_libraries([program, original])
    assert caught.value.hint == (
        "Debian, Ubuntu: apt-get install libodd1.so.9 libpg5;"
        " Fedora: dnf install libodd1.so.9 libpg"
    )

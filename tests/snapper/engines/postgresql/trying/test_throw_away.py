"""Throw-away servers of every major: nobody else reaches them, and they leave no trace."""

import os
import pwd
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest

from bin.pg_dump import system_libraries
from bin.pg_dump.fetch import fetch
from bin.pg_dump.platforms import Platform
from snapper.engines.postgresql.trying import throw_away
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import SnapperError
from snapper.machine import unprivileged, watchdog
from snapper.machine.run_directory import run_directory
from tests.support.cloud import eventually
from tests.support.databases import EVERY_MAJOR

ROOT = Path(__file__).parents[5]
PASSWORD = f"a b@:/,|%&'\"\\=?#ü{secrets.token_hex(8)}"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as somebody else")
STRANGER = 54321
"""The number of a user whom nobody knows."""


@pytest.fixture
def directory() -> Iterator[Path]:
    with run_directory() as path:
        yield path


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with run_directory() as path, PostgresServer(18, path / "server", PASSWORD) as running:
        yield running


@pytest.fixture(scope="module")
def knocked_at() -> Iterator[PostgresServer]:
    with (
        run_directory() as path,
        PostgresServer(18, path / "server", PASSWORD, tcp=True) as running,
    ):
        yield running


def ask(dsn: str, query: str) -> str:
    connection = psycopg2.connect(dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return str(cursor.fetchone()[0])
    finally:
        connection.close()


@pytest.mark.parametrize("major", EVERY_MAJOR)
def test_a_server_of_every_major_starts_and_stops(major: int, directory: Path) -> None:
    with PostgresServer(major, directory / "server") as server:
        assert ask(server.dsn(), "SHOW server_version").startswith(f"{major}.")
        assert ask(server.dsn(), "SHOW server_encoding") == "UTF8"
        assert (server.directory / ".s.PGSQL.5432").is_socket()
    assert not list(server.directory.glob(".s.PGSQL*"))


def test_a_port_is_closed_with_the_server(directory: Path) -> None:
    with PostgresServer(18, directory / "server", tcp=True) as server:
        assert ask(server.dsn(), "SHOW listen_addresses") == "127.0.0.1"
        assert ask(server.dsn(), "SHOW unix_socket_directories") == ""
        assert server._child
        members = watchdog.family([server._child.pid])
    # The port itself may be somebody else's by now.
    eventually(lambda: not watchdog.alive(members))


@pytest.mark.parametrize("door", ["server", "knocked_at"])
def test_a_password_of_awkward_characters_opens_the_door(
    door: str, request: pytest.FixtureRequest
) -> None:
    made: PostgresServer = request.getfixturevalue(door)
    assert ask(made.dsn(), "SELECT current_user") == "postgres"
    assert ask(made.dsn(), "SHOW password_encryption") == "scram-sha-256"


@pytest.mark.parametrize("password", ["wrong", "postgres", ""])
@pytest.mark.parametrize("door", ["server", "knocked_at"])
def test_a_wrong_password_is_refused_and_so_is_none(
    door: str, password: str, request: pytest.FixtureRequest
) -> None:
    made: PostgresServer = request.getfixturevalue(door)
    words = "password authentication failed" if password else "no password supplied"
    with pytest.raises(psycopg2.OperationalError, match=words):
        psycopg2.connect(made.dsn().replace(f":{quote(PASSWORD, safe='')}@", f":{password}@"))


def test_no_two_servers_have_the_same_password(tmp_path: Path) -> None:
    one, other = (PostgresServer(18, tmp_path).password for _ in range(2))
    assert len(one) >= 32
    assert one != other


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's own tables")
def test_no_port_is_open(server: PostgresServer) -> None:
    assert ask(server.dsn(), "SHOW listen_addresses") == ""
    assert server._child
    process = Path(f"/proc/{server._child.pid}")
    files = [str(file.readlink()) for file in (process / "fd").iterdir()]
    sockets = {file[len("socket:[") : -1] for file in files if file.startswith("socket:[")}
    tables = ("tcp", "tcp6", "udp", "udp6")
    rows = [row for table in tables for row in (process / "net" / table).read_text().splitlines()]
    assert sockets
    assert not sockets & {row.split()[9] for row in rows}


def test_the_folder_is_closed_to_everybody_else(server: PostgresServer) -> None:
    assert server.directory.stat().st_mode & 0o777 == 0o700


@AS_ROOT
@pytest.mark.parametrize(
    "attempt",
    [
        "psycopg2.connect(dsn)",
        "socket.socket(socket.AF_UNIX).connect(f'{folder}/.s.PGSQL.5432')",
        "os.listdir(folder)",
        "open(f'{folder}/server.log')",
    ],
)
@pytest.mark.parametrize("stranger", [STRANGER, pwd.getpwnam("nobody").pw_uid])
def test_another_user_of_the_machine_reaches_neither_the_door_nor_the_files(
    stranger: int, attempt: str, server: PostgresServer
) -> None:
    """Although the password is known; not even a daemon that runs as the server's own user."""
    program = (
        "import os, socket, sys, psycopg2; dsn, folder = sys.argv[1:];"
        f"os.setgroups([]); os.setgid({STRANGER}); os.setuid({stranger}); {attempt}"
    )
    tried = subprocess.run(
        [sys.executable, "-c", program, server.dsn(), str(server.directory)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 1
    assert "Permission denied" in tried.stderr


@AS_ROOT
def test_the_server_of_roots_runs_as_a_user_who_is_nobody_else(server: PostgresServer) -> None:
    assert server._child
    user = Path(f"/proc/{server._child.pid}").stat().st_uid
    assert user == (server.directory / "data").stat().st_uid != 0
    with pytest.raises(KeyError):
        pwd.getpwuid(user)
    assert server.directory.stat().st_uid == user


def test_a_database_name_is_encoded(server: PostgresServer) -> None:
    connection = psycopg2.connect(server.dsn())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute('CREATE DATABASE "a/b ?%ü"')
    connection.close()
    assert ask(server.dsn("a/b ?%ü"), "SELECT current_database()") == "a/b ?%ü"


def test_where_the_path_is_too_long_the_socket_is_in_a_short_folder_of_its_own(
    directory: Path,
) -> None:
    server = PostgresServer(18, directory / ("long" * 25))
    for _ in range(2):  # it can be started again
        with server:
            assert ask(server.dsn(), "SHOW listen_addresses") == ""
            door = Path(ask(server.dsn(), "SHOW unix_socket_directories").strip('"'))
            assert door != server.directory
            assert door.stat().st_mode & 0o777 == 0o700
        assert not door.exists()


def test_where_there_is_no_room_for_a_socket_nothing_is_opened_instead(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throw_away, "SHORT", directory / "nowhere")
    server = PostgresServer(18, directory / ("long" * 25))
    with pytest.raises(SnapperError, match="too long for a socket") as caught:
        server.start()
    assert "TMPDIR" in caught.value.hint


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
    eventually(lambda: not watchdog.alive(members))
    with pytest.raises(psycopg2.OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's own table")
def test_a_crash_leaves_no_shared_memory(directory: Path) -> None:
    def segments() -> set[str]:
        rows = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
        return {row.split()[1] for row in rows}

    server = PostgresServer(18, directory / "server")
    server.start()
    (segment,) = {str(server._segment)} & segments()
    server.crash()
    assert segment not in segments()


def test_a_killed_maker_leaves_no_server_and_no_file() -> None:
    program = (
        "import os, time; from snapper.machine.run_directory import run_directory;"
        "from snapper.engines.postgresql.trying.throw_away import PostgresServer;"
        "run = run_directory(); path = run.__enter__();"
        "server = PostgresServer(18, path / 'server'); server.start();"
        "print(server._child.pid, path, flush=True); time.sleep(3600)"
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
    eventually(lambda: not watchdog.alive(members) and not Path(path).exists())


def test_a_setting_the_server_refuses_is_told_from_its_log(directory: Path) -> None:
    server = PostgresServer(18, directory / "server", settings={"no_such_thing": "1"})
    with pytest.raises(SnapperError, match="PostgreSQL 18 did not start") as caught:
        server.start()
    assert "no_such_thing" in caught.value.hint


@AS_ROOT
def test_a_directory_that_the_servers_user_cannot_reach_is_refused(directory: Path) -> None:
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(SnapperError, match=f"{closed} is closed"):
        PostgresServer(18, closed / "server").start()


@AS_ROOT
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

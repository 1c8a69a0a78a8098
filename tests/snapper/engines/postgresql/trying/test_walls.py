"""Should a backup's code ever become the throw-away server's superuser, it still gets nowhere."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine.confined import Walls
from snapper.machine.run_directory import run_directory
from tests.support.faults import faulted

pytestmark = pytest.mark.skipif(
    bool(Walls.here().missing()), reason="this machine has not every wall: Landlock, seccomp"
)


@pytest.fixture(scope="module", params=[pytest.param(14, marks=pytest.mark.long), 18])
def confined(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    with run_directory() as path, PostgresServer.confining(request.param, path / "trial") as made:
        yield made


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that every user of the machine may read and write, on a way that all may go."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == tmp_path.owner() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o005)
    path = tmp_path / "secret"
    path.write_text("kept")
    path.chmod(0o666)
    tmp_path.chmod(0o777)
    return path


@pytest.fixture
def neighbour() -> Iterator[socket.socket]:
    """A service of the machine, with a door for everybody."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        yield listening


ATTEMPTS = {
    "a shell": "COPY (SELECT 1) TO PROGRAM 'echo got > {own}/out'",
    "a shell that reads": "COPY taken FROM PROGRAM 'cat {secret}'",
    "reading a file": "SELECT pg_read_file('{secret}')",
    "reading it as a table": "COPY taken FROM '{secret}'",
    "writing a file": "COPY (SELECT 1) TO '{secret}'",
    "a file beside it": "COPY (SELECT 1) TO '{beside}/new'",
    "a large object from a file": "SELECT lo_import('{secret}')",
    "a large object to a file": "SELECT lo_from_bytea(47, 'x'); SELECT lo_export(47, '{secret}')",
    "users": "SELECT pg_read_file('/etc/passwd')",
    "a home": "SELECT pg_ls_dir('{home}')",
    "our own variables": "SELECT pg_read_file('/proc/{maker}/environ')",
    "the processes": "SELECT pg_ls_dir('/proc')",
    "a foreign table": "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE"
    " f (line text) SERVER files OPTIONS (filename '{secret}'); SELECT * FROM f",
    "a library of one's own": "LOAD '{secret}'",
    "the network": "SELECT dblink_connect('host=127.0.0.1 port={port} connect_timeout=5')",
    "a name": "SELECT dblink_connect('host=data.example.com connect_timeout=5')",
    "another server's socket": "SELECT dblink_connect('host={beside} connect_timeout=5')",
}
# How the server says it: of a shell that it had no memory for one, of a name that nobody knows it.
REFUSED = "Permission denied|could not translate host name|could not execute command"


@pytest.mark.parametrize("what", ATTEMPTS)
def test_a_superuser_of_the_trials_server_reaches_nothing_of_the_machine(
    what: str, confined: PostgresServer, secret: Path, neighbour: socket.socket
) -> None:
    own = confined.directory
    words = {
        "secret": secret,
        "beside": secret.parent,
        "home": Path.home(),
        "maker": os.getpid(),
        "port": neighbour.getsockname()[1],
        "own": own,
    }
    with closing(psycopg2.connect(confined.dsn())) as link, link.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE taken (line text); CREATE EXTENSION dblink")
        cursor.execute("CREATE EXTENSION file_fdw")
        with faulted("hostile code: as superuser of a trial's server, behind the kernel's walls"):
            with pytest.raises(psycopg2.Error, match=REFUSED):
                cursor.execute(ATTEMPTS[what].format(**words))
            assert secret.read_text() == "kept"
            assert list(secret.parent.iterdir()) == [secret]
            assert not (own / "out").exists()
            with pytest.raises(BlockingIOError):
                neighbour.accept()


def test_it_has_no_variable_of_ours(
    confined: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was set when it was started; the process is asked itself."""
    for name in ("AWS_SECRET_ACCESS_KEY", "SNAPPER_VERIFY_ON", "PGPASSWORD", "HOME"):
        monkeypatch.setenv(name, "never seen")
    with run_directory() as path, PostgresServer.confining(confined.major, path / "own") as server:
        assert server._child
        found = Path(f"/proc/{server._child.pid}/environ").read_bytes()
    assert b"never seen" not in found
    names = {line.partition(b"=")[0] for line in found.split(b"\0") if line}
    assert names <= {b"LD_LIBRARY_PATH", b"PATH", b"LC_ALL", b"TZ", b"PG_GRANDPARENT_PID"}


def test_what_it_writes_ahead_takes_little_room(confined: PostgresServer) -> None:
    """As `snapper/values/fit.py` reckons with; PostgreSQL by itself keeps up to 1 GB."""
    with closing(psycopg2.connect(confined.dsn())) as link, link.cursor() as cursor:
        cursor.execute("SHOW max_wal_size")
        assert cursor.fetchone() == ("128MB",)

"""What every test may ask for: no credentials of this machine, real servers, a real S3 API."""

import functools
import itertools
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

import botocore.session
import psycopg2
import pytest
from hypothesis import HealthCheck, settings

from bin.pg_dump.layer import client_root
from local.emulator.cloud import Cloud
from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying import throw_away
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine import run_directory as run_directories
from snapper.machine.run_directory import run_directory
from tests.support import faults, figures, memory, passwords, prepared
from tests.support.canary import CANARY, SEARCH
from tests.support.cloud_server import CloudServer, Customer
from tests.support.clusters import Clusters
from tests.support.databases import UNTENDED, Source, query

if TYPE_CHECKING:
    from tests.support.stage import StageUnderTest

_NUMBERS = itertools.count(1)
_BEGAN = time.monotonic()

# Pulumi's gRPC would act in every child before it becomes a program; with threads that can kill it.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

# Under nohup a hang-up is ignored, in the background Ctrl-C, by all children too; tests send them,
# and mean what they mean.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

# Every command makes a session of its own; what boto3 reads of AWS's services is the same for all.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)

prepared.pack_once()

# A server's files are made for a test, and are many.
if folder := memory.room():
    in_memory = SimpleNamespace(gettempdir=lambda: folder)
    mock.patch.object(run_directories, "tempfile", in_memory).start()

# The same examples on every machine and in every run, however long one takes.
settings.register_profile(
    "snapper", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("snapper")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run write its figures down."""
    told = "write the figures of this run into docs/reliability.md if every test passes"
    parser.addoption("--figures", action="store_true", help=told)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Say how many faults were injected, and how many of them did no harm."""
    if rows := faults.rows():
        terminalreporter.section("faults")
        for line in faults.table(rows):
            terminalreporter.write_line(line)
    if SEARCH.texts or SEARCH.files:
        terminalreporter.section("secrets")
        terminalreporter.write_line(SEARCH.line())
    # A worker knows its own tests alone, and nothing of what failed in another.
    whole = not hasattr(config, "workerinput")
    if whole and config.getoption("--figures") and exitstatus == pytest.ExitCode.OK:
        passed, seconds = len(terminalreporter.stats["passed"]), time.monotonic() - _BEGAN
        seed = config.getoption("randomly_seed", None)
        figures.publish(figures.section(passed, seconds, seed, SEARCH.line(), rows))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Search what a test has printed and logged for the servers' password."""
    for name, text in report.sections:
        SEARCH.text(f"{report.nodeid} ({name})", text)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that told the servers' password, however well its tests went.

    A worker of several hands what it counted to the process that began them all.
    """
    if (handed := getattr(session.config, "workeroutput", None)) is not None:
        handed["faults"] = faults.handed_over()
        handed["search"] = SEARCH.handed_over()
    if SEARCH.found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what a worker has counted."""
    handed = getattr(node, "workeroutput", {})
    faults.take_over(handed.get("faults", {}))
    SEARCH.take_over(handed.get("search", (0, 0, [])))


@pytest.fixture(autouse=True)
def _no_ambient_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that forgets to say where it is going reaches nothing."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # The session of an earlier test would remember the credentials of that test.
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No verdict depends on which PostgreSQL is installed on this machine."""
    monkeypatch.setattr("snapper.engines.postgresql.trying.installed.PLACES", ())


@pytest.fixture(autouse=True)
def _nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for a server that is to be none; who tests the waiting has a clock."""
    monkeypatch.setattr("snapper.engines.postgresql.connecting.waking.LONGEST_WAIT", 0.0)


@pytest.fixture(scope="session")
def run_dir() -> Iterator[Path]:
    """One directory for all that the session starts."""
    with run_directory() as directory:
        yield directory
        SEARCH.directory(directory)


@pytest.fixture(scope="session", autouse=True)
def _clusters(run_dir: Path) -> Iterator[None]:
    with mock.patch.object(throw_away, "make_cluster", Clusters(run_dir / "clusters").make):
        yield


@pytest.fixture(scope="session")
def server(run_dir: Path) -> Iterator[Callable[[int], PostgresServer]]:
    """Give a running server of a major; one per major for the whole session."""
    with ExitStack() as stack:
        servers: dict[int, PostgresServer] = {}

        def start(major: int) -> PostgresServer:
            if major not in servers:
                # By TCP, as the service reaches every database; what they hold is made up.
                place = run_dir / f"postgres-{major}"
                made = PostgresServer(major, place, CANARY, UNTENDED, tcp=True)
                made.start()
                stack.callback(made.crash)  # nobody needs what it would still write
                query(made.dsn(), f"ALTER ROLE postgres PASSWORD '{passwords.kept(CANARY)}'")
                servers[major] = made
            return servers[major]

        yield start


@pytest.fixture(scope="session")
def cloud_server(run_dir: Path) -> Iterator[Callable[[int], CloudServer]]:
    """Give a server of a major as a cloud gives it; one per major for the whole session."""
    with ExitStack() as stack:
        servers: dict[int, CloudServer] = {}

        def start(major: int) -> CloudServer:
            if major not in servers:
                made = CloudServer(major, run_dir / f"cloud-{major}")
                made.start()
                stack.callback(made.crash)
                servers[major] = made
            return servers[major]

        yield start


@pytest.fixture
def source(request: pytest.FixtureRequest) -> Iterator[Callable[..., Source]]:
    """Give a new database on a server of a major, with the SQL run in it; it goes with the test.

    A test with `everywhere` gets them in a cloud too, of the cloud's major and role.
    """
    customer: Customer | None = getattr(request, "param", None)
    all_made: list[Source] = []

    def make(
        major: int = 17, sql: str = "CREATE TABLE t AS SELECT 1 AS n", name: str = ""
    ) -> Source:
        if customer:
            there: Source = request.getfixturevalue("cloud_server")(customer.major).seen_by(
                customer.role
            )
        else:
            there = Source(request.getfixturevalue("server")(major), "postgres")
        made = there.create(name or f"source {next(_NUMBERS)}")
        all_made.append(made)
        made.run(sql)
        return made

    yield make
    for each in all_made:
        # What a test dropped or left in use is taken away with the server.
        with suppress(psycopg2.Error):
            query(each.server.dsn(), f'DROP DATABASE "{each.name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def tools() -> ClientTools:
    """Give the client tools of this machine, laid out as in the layer."""
    return ClientTools(client_root())


@pytest.fixture(scope="session")
def cloud(run_dir: Path) -> Iterator[Cloud]:
    """Give the embedded cloud, one for the whole session."""
    with Cloud.start(run_dir / "cloud") as started:
        yield started


@pytest.fixture
def refusing_port() -> Iterator[int]:
    """Give a port of this machine on which nobody listens, and which nobody can take meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def vault(cloud: Cloud) -> Vault:
    """Give a new, empty bucket behind a real S3 API."""
    bucket = f"vault-{next(_NUMBERS)}"
    cloud.client("s3").create_bucket(Bucket=bucket)
    return Vault(bucket, cloud.client("s3"))


@pytest.fixture(scope="session")
def stage(
    cloud: Cloud, run_dir: Path, server: Callable[[int], PostgresServer]
) -> Iterator["StageUnderTest"]:
    """Give the whole service, deployed once for the session; see tests/support/stage.py."""
    from tests.support.stage import deployed  # Pulumi takes a second to import

    with deployed(cloud, run_dir / "stage", server) as ready:
        yield ready

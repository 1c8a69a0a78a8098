"""The whole demo: the real program, deployed here, backs up real servers, and is tested.

    with demonstration(DemoOptions(), listener) as demonstrated:
        demonstrated.report.good

Nothing in it stands in for Snapper's own parts: the deployed schedule is read back and fired, the
packaged functions run with the rights of their own roles, and the backups are restored.
"""

import json
import platform
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg2

from local.demo.chapter import Chapter
from local.demo.drill import Prover
from local.demo.export import check_folder
from local.demo.pipeline import Pipeline
from local.demo.proof import ProofServers
from local.demo.report import DemoReport
from local.demo.sources import Sources
from local.deployment.deploy import deploy
from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.engines.postgresql.conninfo import libpq
from snapper.engines.postgresql.engine import PostgreSQL
from snapper.engines.postgresql.trying.installed import Programs
from snapper.errors import SnapperError
from snapper.machine.children import ROOT
from snapper.machine.run_directory import run_directory
from snapper.values.job import write_time
from snapper.values.options import BATCH, SETTING
from snapper.values.secrets import Database
from snapper.values.settings import CONNECTIONS, RETENTIONS

STAGE = "demo"

LEAST_ROOM = 64_000_000
"""Bytes below which no server starts: an empty one of PostgreSQL 18 has 40 MB."""

_ROOM = "the demo needs about 400 MB in TMPDIR"


class Listener(Protocol):
    """Hears the story as it goes on, for the person who waits."""

    def __call__(self, step: str) -> None:
        """Hear what is being done from now on."""
        ...

    def result(self, words: str) -> None:
        """Hear what came of the step, which has ended."""
        ...


@dataclass(frozen=True)
class DemoOptions:
    """What to demonstrate: on which databases (none: the samples), how often, keeping how many.

    With `large` one of them is dumped in a container, as what takes too long for a function is.
    """

    databases: tuple[Database, ...] = ()
    retention: int = 2
    runs: int = 3
    export: Path | None = None
    large: bool = False


@dataclass(frozen=True)
class Demonstration:
    """The finished demo while all of it still runs.

    `environment` is what a program needs to reach the cloud; `databases` are the connections of
    the samples and of the restored copies, by name.
    """

    report: DemoReport
    environment: Mapping[str, str]
    databases: Mapping[str, str]


@contextmanager
def demonstration(options: DemoOptions, listener: Listener) -> Iterator[Demonstration]:
    """Play the story and give what came of it; the end of `with` stops and removes everything.

    What goes wrong with one database is in its report. Raises SnapperError if the machine,
    the deployment or the destruction is at fault.
    """
    began = time.monotonic()
    if options.export:
        check_folder(options.export)
    with libpq.told_nothing(), _machine_faults(), ExitStack() as stack:
        directory = stack.enter_context(run_directory())
        _require_room(directory)
        sources = stack.enter_context(Sources(options.databases, options.retention, directory))
        proofs = stack.enter_context(ProofServers(directory))
        # Its threads end before anything that was entered earlier is stopped under them.
        pool = stack.enter_context(ThreadPoolExecutor())
        listener("getting PostgreSQL's programs ready")
        tools = PostgreSQL().tools
        listener("starting the embedded cloud and the PostgreSQL servers")
        filled = pool.submit(sources.start)
        # In a thread too, where no signal can come between a new process and the note of it.
        starting = pool.submit(Cloud.start, directory)
        stack.callback(_stop, starting)
        cloud = starting.result()
        host = stack.enter_context(LambdaHost(cloud, directory))
        filled.result()
        listener("deploying the Pulumi program")
        deployment = deploy(
            cloud, host, ROOT, STAGE, _config(sources.databases, large=options.large)
        )
        for major in sources.majors:
            pool.submit(proofs.server, Programs(major))
        pipeline = Pipeline(cloud, deployment.outputs, host.logs, host.containers.logs)
        listener.result(
            f"{len(deployment.registrations)} resources, schedule {pipeline.schedule.expression}"
        )
        chapters = [
            Chapter(database, sources.are_samples, pipeline, tools, proofs)
            for database in sources.databases
        ]
        _run(options.runs, chapters, sources, pipeline, listener)
        prover = Prover(cloud, deployment.outputs["prover"])
        drilled = next((each for each in chapters if each.made), None)
        drill = drilled and prover.order(drilled)
        listener("restoring the newest backups, comparing them row by row")
        list(pool.map(lambda chapter: chapter.close(options.export), chapters))
        proven = None
        if drilled and drill:
            listener("letting the prover restore one by itself, with no server of yours")
            proven = prover.follow(drilled, drill)
            listener.result(proven.words)
        yield Demonstration(
            DemoReport(
                tuple(chapter.report(options.retention) for chapter in chapters),
                len(deployment.registrations),
                deployment.outputs,
                time.monotonic() - began,
                proven,
            ),
            {**cloud.environment(), "SNAPPER_STAGE": STAGE},
            {name: dsn for chapter in chapters for name, dsn in chapter.reachable()},
        )
        listener("destroying the deployment")
        deployment.destroy()


@contextmanager
def _machine_faults() -> Iterator[None]:
    """Tell in plain words where this machine, such as a full disk, kept a step from its end."""
    try:
        yield
    except BrokenPipeError:
        raise  # the output pipe is closed
    except (OSError, psycopg2.Error) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise SnapperError(
            f"this machine cannot run it: {words}",
            hint=_ROOM,
        ) from error


def _require_room(directory: Path) -> None:
    """Refuse a disk on which not even a server's first files fit: it would die without a word."""
    free = shutil.disk_usage(directory).free
    if free < LEAST_ROOM:
        raise SnapperError(f"{directory.parent} has {free / 1e6:.0f} MB left", hint=_ROOM)


def _stop(starting: Future[Cloud]) -> None:
    with suppress(Exception):
        starting.result().stop()


def _config(databases: Sequence[Database], *, large: bool) -> dict[str, str]:
    """Give the stack's settings: the two secrets, and packages for this machine's architecture.

    The samples are dumped in seconds: only an option has one of them go to a container.
    """
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    handing_over = {
        "largeDatabases": "true",
        SETTING: json.dumps({databases[-1].key: {"dumpIn": BATCH}}),
    }
    return {
        CONNECTIONS: "|".join(f"{each.key},{each.connection},POSTGRES" for each in databases),
        RETENTIONS: "|".join(f"{each.key},{each.retention}" for each in databases),
        "architecture": "arm64" if arm else "x86_64",
        "alarmEmail": "operator@example.com",  # nothing leaves the machine
        **(handing_over if large else {}),
    }


def _run(
    runs: int, chapters: Sequence[Chapter], sources: Sources, pipeline: Pipeline, listener: Listener
) -> None:
    """Fire the schedule so many times, and let the samples live a little in between."""
    keys = [chapter.database.key for chapter in chapters]
    for run in range(1, runs + 1):
        if run > 1:
            sources.change(run)
        for chapter in chapters:
            chapter.begin()
        listener(f"run {run} of {runs}")
        at = pipeline.fire()
        faults = pipeline.wait(at, keys)
        made = len(keys) - len(faults)
        listener.result(f"{made} of {len(keys)} backups, scheduled at {write_time(at)}")
        for chapter in chapters:
            chapter.heard(faults.get(chapter.database.key))

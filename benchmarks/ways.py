"""The ways to dump that are compared: ours, and what people write down as a line of shell."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.ours import Took
from benchmarks.s3 import received
from snapper.machine import python

DISCARD = "pg_dump > /dev/null"
PIPE = "pg_dump | gzip | aws s3 cp -"
CUSTOM = "pg_dump -Fc -Z1 | aws s3 cp -"
ZSTD = "pg_dump -Fc --compress=zstd:1 | aws s3 cp -"
LINES = (DISCARD, PIPE, CUSTOM, ZSTD)
JOBS = (1, 2, 4)

_OPTIONS = {
    DISCARD: [],
    PIPE: [],
    CUSTOM: ["-Fc", "-Z1"],
    ZSTD: ["-Fc", "--compress=zstd:1"],
}


def ours(jobs: int) -> str:
    """Name our own way with so many jobs.

    >>> ours(1), ours(2)
    ('Snapper, 1 job', 'Snapper, 2 jobs')
    """
    return f"Snapper, {jobs} job{'s' if jobs > 1 else ''}"


@dataclass(frozen=True)
class Run:
    """One dump: seconds on the clock, and of processors by all programs but the server.

    `stored` are the bytes that came to S3, `peak` the most memory in bytes; 0 where nobody knows.
    """

    seconds: float
    cpu: float
    stored: int = 0
    peak: int = 0
    dumped: int = 0


Way = Callable[[], Run]


def ways(
    dsn: str, pg_dump: Path, environment: dict[str, str], lines: Sequence[str]
) -> dict[str, Way]:
    """Give these lines and all our own ways, by their names."""
    known: dict[str, Way] = {
        name: partial(_line, name, dsn, pg_dump, environment) for name in lines
    }
    for jobs in JOBS:
        known[ours(jobs)] = partial(_ours, jobs, dsn, environment)
    return known


def _ours(jobs: int, dsn: str, environment: dict[str, str]) -> Run:
    """Dump as the function does: from the job at hand until its backup exists."""
    command = [sys.executable, *python.running("benchmarks.ours", dsn, str(jobs))]
    before = os.times()
    done = subprocess.run(
        command, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE
    )
    after = os.times()
    took = Took(**json.loads(done.stdout.splitlines()[-1]))
    # Of the whole child, less what it took before the job came: a function is there already.
    cpu = _children(after) - _children(before) - took.starting
    return Run(took.seconds, cpu, took.backup_bytes, took.peak, took.dump_bytes)


def _line(name: str, dsn: str, pg_dump: Path, environment: dict[str, str]) -> Run:
    dump = [str(pg_dump), "--quote-all-identifiers", *_OPTIONS[name], dsn]
    commands = [dump] if name == DISCARD else [dump, *([["gzip"]] if name == PIPE else []), _copy()]
    received(environment)
    before, began = os.times(), time.monotonic()
    feed, running = None, []
    for command in commands:
        last = command is commands[-1]
        out = subprocess.DEVNULL if last else subprocess.PIPE
        running.append(
            subprocess.Popen(command, stdin=feed, stdout=out, env={**os.environ, **environment})
        )
        if feed:
            feed.close()
        feed = running[-1].stdout
    if any([each.wait() for each in running]):
        raise SystemExit(f"{name} failed")
    seconds, cpu = time.monotonic() - began, _children(os.times()) - _children(before)
    return Run(seconds, cpu, received(environment))


def _children(times: os.times_result) -> float:
    return times.children_user + times.children_system


def _copy() -> list[str]:
    """Give the program that reads standard input into S3."""
    if real_aws():
        return ["aws", "s3", "cp", "-", "s3://vault/dump"]
    return [sys.executable, *python.running("benchmarks.upload")]


def real_aws() -> bool:
    """Tell whether there is Amazon's own program, and it runs."""
    found = shutil.which("aws")
    return (
        bool(found)
        and subprocess.run([str(found), "--version"], capture_output=True).returncode == 0
    )

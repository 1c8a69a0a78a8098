"""The demo as a user starts it, in a room of its own where every trace of it can be seen."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from snapper.machine.children import ROOT
from tests.support.cloud import eventually

SECONDS = 900
"""For a demo to end: no machine is so busy that it takes so long."""

NOWHERE = "http://127.0.0.1:9"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy")

NONSENSE = {
    "LC_ALL": "C",
    "TERM": "dumb",
    "AWS_PROFILE": "nonsense",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "y",
    "AWS_SESSION_TOKEN": "z",
    "AWS_REGION": "mars-1",
    "AWS_ENDPOINT_URL": NOWHERE,
    "AWS_ENDPOINT_URL_S3": NOWHERE,
    "AWS_CA_BUNDLE": "/nowhere",
    "AWS_MAX_ATTEMPTS": "none",
    "PULUMI_CONFIG": "nonsense",
    "PGHOST": "/nowhere",
    "PGPORT": "1",
    "PGUSER": "nobody",
    "PGPASSWORD": "wrong",
    "PGDATABASE": "none",
    "PGSERVICE": "nonsense",
    "PGSSLMODE": "verify-full",
    "PGOPTIONS": "-c search_path=nowhere",
    "PGCONNECT_TIMEOUT": "soon",
    **dict.fromkeys(PROXIES, NOWHERE),
}
"""What a shell may hold that means somebody else's AWS, network or database."""


@dataclass(frozen=True)
class Ended:
    """How a demo ended, and all that it said."""

    code: int
    out: str
    err: str


@contextmanager
def started(
    room: Path, *arguments: str, env: Mapping[str, str] | None = None, before: tuple[str, ...] = ()
) -> Iterator["subprocess.Popen[str]"]:
    """Start a demo; `before` is a command that starts it in turn."""
    child = subprocess.Popen(
        [*before, sys.executable, "-P", "-m", "snapper.cli", "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(room), **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with child:
        try:
            yield child
        except BaseException:
            child.kill()  # one that is kept would wait for ever
            raise


def finished(
    room: Path, *arguments: str, env: Mapping[str, str] | None = None, before: tuple[str, ...] = ()
) -> Ended:
    with started(room, *arguments, env=env, before=before) as child:
        out, err = child.communicate(timeout=SECONDS)
    return Ended(child.returncode, out, err)


def interrupted(room: Path, number: signal.Signals, moment: str, delay: float = 0) -> Ended:
    """Send a demo a signal when it begins a step, or so much later."""
    with started(room, "--runs", "2") as child:
        assert child.stderr is not None
        heard = ""
        while moment and not (line := child.stderr.readline()).startswith(moment):
            assert child.poll() is None, heard
            heard += line
        time.sleep(delay)
        child.send_signal(number)
        out, err = child.communicate(timeout=SECONDS)
    return Ended(child.returncode, out, heard + err)


def processes(room: Path) -> list[str]:
    """The processes of a demo: those with its room in their words or files.

    One that is gone holds no port.
    """
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ")
            directory = str((process / "cwd").readlink())
        except OSError:
            continue  # it has ended meanwhile
        if bytes(room) in command or directory.startswith(f"{room}/"):
            found.append(command.decode(errors="replace"))
    return found


def assert_nothing_is_left(room: Path, *, killed: bool = False) -> None:
    """Its files are gone when it has ended; if it was killed, its watchdog takes them away.

    Processes that were killed are waited for: on a busy machine they are not gone at once.
    """
    if killed:
        eventually(lambda: not list(room.iterdir()))
    assert list(room.iterdir()) == []
    eventually(lambda: not processes(room))

"""Does a drill in a process of its own, so that it can die at any moment, as Lambda's do."""

import contextlib
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from snapper.machine import watchdog
from tests.support.cloud import LONGEST
from tests.support.fault_calls import Fault
from tests.support.fault_drills import Drilled, Drills, work

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class End:
    """How a process ended: killed, or with a drill; and after how many seconds."""

    killed: bool
    drilled: Drilled | None
    seconds: float


def run(
    drills: Drills,
    faults: Sequence[Fault] = (),
    *,
    kill_after: float = LONGEST,
    kill_at: str = "",
    alone: bool = False,
    memory: int = 0,
) -> End:
    """Do a drill in a new process, and kill it after so many seconds, or when a file is there.

    That is named by its path below the trial's directory. With it dies all that it has started; or
    it dies `alone`, as a process that has no memory. It may allocate `memory` bytes more than it
    has when it begins.
    """
    ours, its = _FORKS.Pipe()
    event = drills.delivered(drills.ordered())
    arguments = (its, drills.environment, event, drills.temporary, tuple(faults), memory)
    process = _FORKS.Process(target=_work, args=arguments, daemon=True)
    process.start()
    its.close()
    assert ours.recv() == "begins"
    began, drilled = time.monotonic(), None
    with contextlib.suppress(EOFError):
        while time.monotonic() < began + kill_after:
            if ours.poll(0.01):
                drilled = Drilled(*ours.recv())
                break
            if kill_at and list(drills.temporary.glob(f"snapper-*/{kill_at}")):
                break
    seconds = time.monotonic() - began
    end_all(process.pid or 0, alone=alone)
    process.join()
    ours.close()
    assert drilled or process.exitcode == -signal.SIGKILL, f"it ended with {process.exitcode}"
    return End(drilled is None, drilled, seconds)


def end_all(leader: int, *, alone: bool) -> None:
    """Kill a process, and all that it has started: nobody of them has time for anything."""
    others = {} if alone else watchdog.family([leader])
    others.pop(leader, None)
    for number in (leader, *others):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    while left := watchdog.alive(others):
        others |= watchdog.family(left)
        for number in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)


def at_work(folder: Path) -> list[int]:
    """Give the processes that have anything to do with a folder."""
    found = []
    for number in watchdog.process_table():
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{number}/cmdline").read_bytes()
            if (
                os.fsencode(folder) in command
                or folder in Path(f"/proc/{number}/cwd").readlink().parents
            ):
                found.append(number)
    return found


def _work(
    reports: Connection,
    environment: dict[str, str],
    event: dict[str, Any],
    temporary: Path,
    faults: tuple[Fault, ...],
    memory: int,
) -> None:
    os.setsid()
    reports.send("begins")
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if memory:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + memory, hard))
    drilled = work(environment, event, temporary, faults)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    reports.send((drilled.answer, drilled.log))

"""Has the functions work in a process of their own, so that it can die at any moment.

The process is forked from one that has loaded everything: a death costs milliseconds. It leads a
group of its own, as an execution environment of Lambda does.
"""

import contextlib
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, TypeVar

from snapper.machine import watchdog
from snapper.values.job import Job
from tests.support import fault_drills
from tests.support.cloud import LONGEST
from tests.support.databases import AT
from tests.support.fault_calls import Fault, Injection
from tests.support.fault_drills import Drilled, Drills
from tests.support.fault_service import (
    Context,
    Delivery,
    Service,
    as_function,
    log_of_function,
    record,
)
from tests.support.fault_work import work

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])

Came = TypeVar("Came")


@dataclass(frozen=True)
class End(Generic[Came]):
    """How a process ended: killed, or with what came of its work; and after how many seconds."""

    killed: bool
    came: Came | None
    seconds: float


def deliver_apart(
    service: Service,
    faults: Sequence[Fault] = (),
    *,
    kill_after: float = LONGEST,
    memory: int = 0,
) -> End[Delivery]:
    """Deliver the job to a new process, and kill it and all that it started after so many seconds.

    With `memory` the process may allocate that many bytes more than it has when it begins.
    """
    arguments = (service.environment, service.key, tuple(faults), memory)
    return _run(Delivery, _deliver, arguments, kill_after)


def drill_apart(
    drills: Drills,
    faults: Sequence[Fault] = (),
    *,
    kill_after: float = LONGEST,
    kill_at: str = "",
    alone: bool = False,
    memory: int = 0,
) -> End[Drilled]:
    """Do a drill in the same way; it can also be killed when a file is there.

    That is named by its path below the trial's directory. It may die `alone`, as a process that
    has no memory, without those that it has started.
    """
    event = drills.delivered(drills.ordered())
    arguments = (drills.environment, event, drills.temporary, tuple(faults), memory)

    def is_there() -> bool:
        return bool(kill_at and list(drills.temporary.glob(f"snapper-*/{kill_at}")))

    return _run(Drilled, _drill, arguments, kill_after, is_there, alone=alone)


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


def _run(
    kind: Callable[..., Came],
    target: Callable[..., tuple[Any, ...]],
    arguments: tuple[object, ...],
    kill_after: float,
    moment: Callable[[], bool] = bool,
    *,
    alone: bool = False,
) -> End[Came]:
    ours, its = _FORKS.Pipe()
    process = _FORKS.Process(target=_lead, args=(its, target, arguments), daemon=True)
    process.start()
    its.close()
    assert ours.recv() == "begins"
    began, came = time.monotonic(), None
    with contextlib.suppress(EOFError):
        while (left := began + kill_after - time.monotonic()) > 0 and not moment():
            if ours.poll(min(left, 0.01)):
                came = kind(*ours.recv())
                break
    seconds = time.monotonic() - began
    _end_all(process.pid or 0, alone=alone)
    process.join()
    with contextlib.suppress(EOFError):
        if came is None and ours.poll():  # it ended by itself while we came to kill it
            came = kind(*ours.recv())
    ours.close()
    # It may end well or by our hand, and in no third way: else a defect here would pass for a kill.
    assert came or process.exitcode == -signal.SIGKILL, f"it ended with {process.exitcode}"
    return End(came is None, came, seconds)


def _end_all(leader: int, *, alone: bool) -> None:
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


def _lead(reports: Connection, target: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    os.setsid()
    reports.send("begins")
    reports.send(target(*arguments))


def _deliver(
    environment: dict[str, str], key: str, faults: tuple[Fault, ...], memory: int
) -> tuple[Any, list[dict[str, Any]], list[str]]:
    with as_function(environment, Injection(faults)), log_of_function() as log, _limited(memory):
        try:
            answer, unpruned = work(record(Job(key, AT)), Context())
        except Exception as error:
            # As Lambda tells it; the job comes back.
            answer, unpruned = {"errorType": type(error).__name__}, []
    return answer, log, unpruned


def _drill(
    environment: dict[str, str],
    event: dict[str, Any],
    temporary: Path,
    faults: tuple[Fault, ...],
    memory: int,
) -> tuple[Any, list[dict[str, Any]]]:
    with _limited(memory):
        drilled = fault_drills.work(environment, event, temporary, faults)
    return drilled.answer, drilled.log


@contextmanager
def _limited(memory: int) -> Iterator[None]:
    """Let this process allocate only so many bytes more than it has, if any are named."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    if memory:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)

"""Runs the handlers in a process of their own, so that they can die at any moment.

The process is forked from one that has loaded everything: a death costs milliseconds. It leads a
group of its own, as an execution environment of Lambda does.
"""

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

from snapper.values.job import Job
from tests.support.cloud import LONGEST
from tests.support.databases import AT
from tests.support.fault_calls import Fault, Injection
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


@dataclass(frozen=True)
class End:
    """How a process ended: killed, or with a delivery; and after how many seconds."""

    killed: bool
    delivery: Delivery | None
    seconds: float


def run(
    service: Service,
    faults: Sequence[Fault] = (),
    *,
    kill_after: float = LONGEST,
    memory: int = 0,
) -> End:
    """Deliver the job to a new process, and kill its group after so many seconds.

    With `memory` the process may allocate that many bytes more than it has when it begins.
    """
    ours, its = _FORKS.Pipe()
    arguments = (its, service.environment, service.key, tuple(faults), memory)
    process = _FORKS.Process(target=_work, args=arguments, daemon=True)
    process.start()
    its.close()
    assert ours.recv() == "begins"
    began, delivery = time.monotonic(), None
    with contextlib.suppress(EOFError):
        if ours.poll(kill_after):
            delivery = Delivery(*ours.recv())
    seconds = time.monotonic() - began
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.join()
    ours.close()
    # It may end well or by our hand, and in no third way: else a defect here would pass for a kill.
    assert delivery or process.exitcode == -signal.SIGKILL, f"it ended with {process.exitcode}"
    return End(delivery is None, delivery, seconds)


def _work(
    reports: Connection,
    environment: dict[str, str],
    key: str,
    faults: tuple[Fault, ...],
    memory: int,
) -> None:
    os.setsid()
    injection = Injection(faults)
    reports.send("begins")
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    with as_function(environment, injection), log_of_function() as log:
        if memory:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            limit = pages * resource.getpagesize() + memory
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
        try:
            answer: tuple[object, list[str]] = work(record(Job(key, AT)), Context())
        except Exception as error:
            # As Lambda tells it; the job comes back.
            answer = {"errorType": type(error).__name__}, []
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    reports.send((answer[0], log, answer[1]))

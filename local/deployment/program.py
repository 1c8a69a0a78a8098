"""Runs a Pulumi program as Pulumi's own language host does, only with another monitor.

All that Pulumi knows of a running program is kept in context variables, and what it awaits belongs
to one event loop. Both are fresh here for every run, so programs can follow each other in one
process, and the doubles of a test cannot get in.
"""

import asyncio
import contextlib
import logging
import runpy
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pulumi.runtime import run_in_stack, set_all_config, set_mocks
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import SETTINGS, set_root_resource

from local.deployment.stack_config import StackConfig
from snapper.machine.environment import without_variables

PARALLEL = 16
"""How many resources may be in the making at once; Pulumi's own default."""

_LOG = logging.getLogger("pulumi")
"""Where the program shows things; nobody has to look, and Python prints what nobody looks at."""
_LOG.addHandler(logging.NullHandler())

# The working directory and the module search path are the process's own.
_one_at_a_time = threading.Lock()


def run_program(root: Path, stage: str, config: StackConfig, monitor: MockMonitor) -> None:
    """Run `root`/__main__.py to the end; raises whatever it or the monitor raised first."""
    with (
        _one_at_a_time,
        contextlib.chdir(root),
        _on_search_path(root),
        # Pulumi would take them for the values of keys that the stack does not set.
        without_variables("PULUMI_CONFIG"),
        ThreadPoolExecutor(1, "pulumi") as apart,
    ):
        # A new thread begins with an empty context.
        apart.submit(_run, root, stage, config, monitor).result()


def _run(root: Path, stage: str, config: StackConfig, monitor: MockMonitor) -> None:
    set_all_config(config.values, config.secrets)
    with _event_loop() as loop:
        set_mocks(
            monitor.mocks,
            config.project,
            stack=stage,
            preview=False,
            logger=_LOG,
            monitor=monitor,
        )
        # set_mocks has made a stack for tests to live in; the program makes its own. It also
        # leaves one thing that is not in the context: what an earlier program still awaited.
        set_root_resource(None)  # type: ignore[arg-type]  # to have none again
        SETTINGS.outputs = set()
        try:
            loop.run_until_complete(run_in_stack(lambda: _execute(root / "__main__.py")))
        except SystemExit as left:
            # So a program leaves that has shown why by itself; here that is for the caller to show.
            raise left.__cause__ or left from None


def _execute(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")


@contextlib.contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Give the thread an event loop with enough workers; leaves nothing of it running."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(PARALLEL, "pulumi-resource"))
    # After a failure everything that waited for the resource fails too; one message is enough.
    loop.set_exception_handler(lambda _loop, _context: None)
    try:
        yield loop
    finally:
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        loop.close()


@contextlib.contextmanager
def _on_search_path(root: Path) -> Iterator[None]:
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))

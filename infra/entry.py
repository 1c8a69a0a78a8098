"""How the program begins and ends under Pulumi: what it refuses is shown once, without a trace."""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType

import pulumi

SHOWN = 32
"""The exit status by which Pulumi's language host knows that the program has shown its errors."""


def run(build: Callable[[], Mapping[str, pulumi.Output[str]]]) -> None:
    """Build the resources once the engine is ready, and export what `build` gives."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _leave)
    pulumi.run(partial(_program, build))


async def _program(build: Callable[[], Mapping[str, pulumi.Output[str]]]) -> pulumi.Inputs:
    try:
        outputs = build()
    except pulumi.RunError as refused:
        pulumi.log.error(str(refused))
        raise SystemExit(SHOWN) from refused
    # Lets every resource begin to be registered. Pulumi's SDK awaits what has begun one by one; for
    # anything else it waits with the values of all resources at hand, again after each of them.
    await asyncio.sleep(0)
    return outputs


def _leave(number: int, _frame: FrameType | None) -> None:
    """End quietly: Pulumi interrupts the program when a resource has failed, and shows that."""
    signal.signal(number, signal.SIG_IGN)  # it may do so again while we end
    sys.exit(SHOWN)

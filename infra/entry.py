"""How the program begins and ends under Pulumi: what it refuses is shown once, without a trace."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Mapping
from functools import partial

import pulumi

from snapper.values.visible import visible

SHOWN = 32
"""The exit status by which Pulumi's language host knows that the program has shown its errors."""


def run(build: Callable[[], Mapping[str, pulumi.Output[str]]]) -> None:
    """Build the resources once the engine is ready, and export what `build` gives."""
    pulumi.run(partial(_program, build))


async def _program(build: Callable[[], Mapping[str, pulumi.Output[str]]]) -> pulumi.Inputs:
    try:
        outputs = build()
    except pulumi.RunError as refused:
        pulumi.log.error(visible(str(refused)))
        raise SystemExit(SHOWN) from refused
    _leave_when_interrupted()
    # Lets every resource begin to be registered. Pulumi's SDK awaits what has begun one by one; for
    # anything else it waits with the values of all resources at hand, again after each of them.
    await asyncio.sleep(0)
    return outputs


def _leave_when_interrupted() -> None:
    """From now on end at once: Pulumi interrupts the program when a resource has failed.

    It shows that itself. Whatever the program did on its way out would only write traces over it:
    of the interruption, of the next one, of all that was still awaited.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, lambda *_: os._exit(SHOWN))

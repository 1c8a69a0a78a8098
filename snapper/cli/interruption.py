"""How a signal ends a command: once, in order, and wherever it comes."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_MOMENT = 0.01
"""Seconds until a signal that a finalizer swallowed comes again; a finalizer takes far less."""


class Interrupted(BaseException):
    """A signal asked us to end; not an Exception, so that nobody's `except` takes it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.exit_code = 128 + number


@contextmanager
def signals_raise() -> Iterator[None]:
    """Let the first signal to end raise Interrupted, so that everything open is closed in order.

    Later ones are ignored: they would only interrupt the clearing up. Python lets no exception out
    of a finalizer, in the midst of which a signal may come; such a signal is raised again.
    """
    heeded: list[int] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        heeded.append(number)
        raise Interrupted(number)

    def interrupt_again(_: int, __: FrameType | None) -> None:
        raise Interrupted(heeded[0])

    def swallowed(unraisable: "sys.UnraisableHookArgs") -> None:
        if isinstance(unraisable.exc_value, Interrupted):
            # Not here and now: whatever is raised in this function is swallowed too.
            signal.setitimer(signal.ITIMER_REAL, _MOMENT)
        else:
            former_hook(unraisable)

    # Under nohup a hang-up is none of our business.
    numbers = [
        each
        for each in _SIGNALS
        if each != signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN
    ]
    former_hook, sys.unraisablehook = sys.unraisablehook, swallowed
    former = {signal.SIGALRM: signal.signal(signal.SIGALRM, interrupt_again)}
    former |= {each: signal.signal(each, interrupt) for each in numbers}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for each, handler in former.items():
            signal.signal(each, handler)
        sys.unraisablehook = former_hook

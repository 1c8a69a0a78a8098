"""How a signal ends a command: once, in order, and wherever it comes."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_PAUSE = 0.05
"""Seconds until it is looked whether somebody has swallowed the signal, again and again."""


class Interrupted(BaseException):
    """A signal asked us to end; not an Exception, so that nobody's `except` takes it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.exit_code = 128 + number
        self.settled = False
        """Whether who caught it ends by itself; else it comes again."""


@contextmanager
def signals_raise() -> Iterator[None]:
    """Let the first signal to end raise Interrupted, so that everything open is closed in order.

    Later ones are ignored: they would only interrupt the clearing up. It may come where nothing
    that is raised gets out: in a finalizer, or in a library that tries an import and minds no
    failure. So it is raised again until something is cleared up for it.
    """
    heeded: list[Interrupted] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        heeded.append(Interrupted(number))
        signal.setitimer(signal.ITIMER_REAL, _PAUSE, _PAUSE)
        raise heeded[0]

    def insist(_: int, __: FrameType | None) -> None:
        if not heeded[0].settled and not _is_at_work(heeded[0]):
            raise heeded[0]

    def swallowed(unraisable: "sys.UnraisableHookArgs") -> None:
        if not isinstance(unraisable.exc_value, Interrupted):
            former_hook(unraisable)

    # Under nohup a hang-up is none of our business.
    numbers = [
        each
        for each in _SIGNALS
        if each != signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN
    ]
    former_hook, sys.unraisablehook = sys.unraisablehook, swallowed
    former = {signal.SIGALRM: signal.signal(signal.SIGALRM, insist)}
    former |= {each: signal.signal(each, interrupt) for each in numbers}
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for each, handler in former.items():
            signal.signal(each, handler)
        sys.unraisablehook = former_hook
    if heeded and not heeded[0].settled:
        raise heeded[0]


def _is_at_work(interrupted: Interrupted) -> bool:
    """Tell whether the code that runs now is clearing up for it, at whatever depth."""
    handled = sys.exception()
    while handled is not None and handled is not interrupted:
        handled = handled.__context__
    return handled is interrupted

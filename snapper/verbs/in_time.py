"""A dump that is stopped while there is still time to clear up."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from snapper.errors import DeadlineReached, SnapperError
from snapper.values.deadline import RESERVE, Deadline
from snapper.verbs.ending import Ending


class Stoppable(Protocol):
    """What is under way."""

    def stop(self, reason: SnapperError) -> bool:
        """Stop it; give whether that is certain."""
        ...


@contextmanager
def stopped_in_time(
    source: Stoppable,
    deadline: Deadline,
    ending: Ending,
    tell: Callable[[SnapperError], None],
    tell_late: Callable[[DeadlineReached], None],
) -> Iterator[None]:
    """Stop the source before its time is over, or when the end comes from outside, and say so.

    It is said at once: where AWS hangs too, clearing up may outlast the function.
    """

    def stop(reason: SnapperError) -> None:
        # An object that is being made may still become a backup; else the upload raises.
        if source.stop(reason):
            tell(reason)

    def stop_late() -> None:
        reason = DeadlineReached(
            f"the dump was stopped {RESERVE:.0f} s before its time was over", hint=deadline.hint
        )
        if source.stop(reason):
            tell_late(reason)

    with ending.reaches(stop):
        seconds = deadline.seconds_left
        if seconds is None:
            yield
            return
        timer = threading.Timer(max(seconds, 0), stop_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            # What became of the job is settled before anybody asks.
            timer.join()

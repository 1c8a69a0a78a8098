"""A trial that ends before its time is over, and says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Timer

from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import DeadlineReached, SnapperError
from snapper.values.deadline import Deadline


@contextmanager
def in_time(server: PostgresServer, deadline: Deadline) -> Iterator[None]:
    """End the server at the deadline; raises DeadlineReached in place of what comes of that.

    Enter it before the server, which does not wait beyond the deadline for its own start.
    """
    seconds = deadline.seconds_left
    if seconds is None:
        yield
        return
    over = Event()

    def end() -> None:
        over.set()
        server.crash()

    timer = Timer(max(seconds, 0.0), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except SnapperError:
        if not over.is_set() and (deadline.seconds_left or 0) > 0:
            raise
        over.set()
    finally:
        timer.cancel()
        timer.join()  # what it ends must be gone before its files go
    if over.is_set():
        raise DeadlineReached(
            f"it ran out of time after {max(seconds, 0):.0f} s", hint=deadline.hint
        )

"""The end that comes from outside: whoever runs a dump can have it stopped in order."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from snapper.errors import SnapperError

Stop = Callable[[SnapperError], None]
"""Stops what is under way, which then raises the reason."""


class Ending:
    """Knows how to stop what is under way in this process; called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._stop: Stop | None = None
        self._reason: SnapperError | None = None
        self._over = threading.Event()

    @property
    def reason(self) -> SnapperError | None:
        """Why all is to end, if it is."""
        return self._reason

    @contextmanager
    def reaches(self, stop: Stop) -> Iterator[None]:
        """Have what is under way within this stopped by `stop`; at once if the end has come."""
        with self._lock:
            self._stop = stop
            if self._reason:
                stop(self._reason)
        try:
            yield
        finally:
            with self._lock:
                self._stop = None

    def end(self, reason: SnapperError) -> None:
        """Stop what is under way, and whatever begins later; the first reason stays."""
        with self._lock:
            self._reason = self._reason or reason
            self._over.set()
            if self._stop:
                self._stop(self._reason)

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until the end has come: then it gives true."""
        return self._over.wait(seconds)

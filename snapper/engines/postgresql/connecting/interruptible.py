"""A session that can be left at any moment, also while its server does not answer.

libpq waits for an answer where no signal reaches it. So it waits in a thread of its own, and who
waits for that thread can be interrupted, and has to wait no longer than for so many seconds.
"""

import os
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from math import inf
from time import monotonic
from typing import TypeVar

import psycopg2
from psycopg2.extensions import connection, cursor

from snapper.engines.postgresql.connecting.cancelling import cancel
from snapper.engines.postgresql.connecting.notices import keep_few

_Result = TypeVar("_Result")

_LOOK = 0.5
"""Seconds until Python heeds a signal that came just before it began to wait."""


class Session(connection):  # type: ignore[misc]  # psycopg2 has no types
    """psycopg2's own, whose statements run apart from the thread that waits for them."""

    patience: float | None = None
    """Seconds that a statement may take."""

    left: BaseException | None = None
    """Why nobody listens any more to what is still under way."""

    def __init__(self, dsn: str) -> None:
        """Connect as psycopg2 does."""
        try:
            super().__init__(dsn)
        except psycopg2.Error:
            # What is told of it holds this object, and the server would wait for a password.
            super().close()
            raise
        self._listener = keep_few(self.pgconn_ptr, self.notices)
        self._line = socket.socket(fileno=os.dup(self.fileno()))
        self._thread = ThreadPoolExecutor(1, "session")

    def apart(self, action: Callable[[], _Result]) -> _Result:
        """Do it in the session's thread; whatever ends the waiting, ends the session.

        Raises what it raises, OperationalError where it takes too long. Who still asks a session
        that was left, such as to set it back, is told again why.
        """
        if self.left:
            raise self.left
        try:
            return self._result(self._thread.submit(action))
        except psycopg2.Error:
            raise
        except BaseException as why:
            self.leave(why)
            raise

    def _result(self, promise: Future[_Result]) -> _Result:
        end = monotonic() + (inf if self.patience is None else self.patience)
        while monotonic() < end:
            with suppress(TimeoutError):
                return promise.result(_LOOK)
            if promise.done():
                return promise.result()
        late = psycopg2.OperationalError(f"no answer in {self.patience:.0f} s")
        self.leave(late)
        wait([promise])
        raise late

    def leave(self, why: BaseException) -> None:
        """End what is under way: the server is asked to stop, and then nobody listens any more."""
        self.left = why
        cancel(self)
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def set_client_encoding(self, encoding: str) -> None:
        """Change it as psycopg2 does."""
        change = super().set_client_encoding
        self.apart(lambda: change(encoding))

    def close(self) -> None:
        """End the session, and with it a transaction that is open."""
        self._thread.shutdown()
        self._line.close()
        super().close()


class SessionCursor(cursor):  # type: ignore[misc]  # the same
    """Runs its statements in the thread of its session."""

    def execute(self, query: object, values: object = None) -> None:
        """Run a statement as psycopg2 does."""
        run = super().execute
        self.connection.apart(lambda: run(query, values))

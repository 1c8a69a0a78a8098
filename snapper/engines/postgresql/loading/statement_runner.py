"""A session that runs the statements of a dump one by one, and can be left at any moment.

libpq waits for an answer where no signal reaches it. So it waits in a thread of its own, and who
waits for that thread can be interrupted: the statement is then cancelled, and the session cut.
"""

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self, TypeVar

import psycopg2
from psycopg2.sql import Composable

from snapper.engines.postgresql.connecting.cancelling import cancel
from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.values.redaction import Redactor

_Result = TypeVar("_Result")

_BLOCK = 1 << 16


class StatementRunner:
    """One session; every statement commits by itself, unless one of them begins a transaction."""

    def __init__(self, connection: Connection, redact: Redactor) -> None:
        """Connect; raises DatabaseUnreachable, DatabaseUnsupported."""
        self._link = connect(connection, redact)
        self._cursor = self._link.cursor()
        self._line = socket.socket(fileno=os.dup(self._link.fileno()))
        self._thread = ThreadPoolExecutor(1, "restore")
        self._left = False
        self.version = self._link.server_version
        self.where, self.redact = connection.place, redact

    def run(self, statement: bytes) -> list[str]:
        """Run it, and give what the server warns of; raises psycopg2.Error."""
        del self._link.notices[:]
        self._wait(self._thread.submit(self._cursor.execute, statement))
        return [" ".join(each.partition(":")[2].split()) for each in self._link.notices]

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Run a query of our own and give its rows; raises psycopg2.Error."""

        def asked() -> list[tuple[object, ...]]:
            self._cursor.execute(query, values or None)
            return self._cursor.fetchall() if self._cursor.description else []

        return self._wait(self._thread.submit(asked))

    def change(self, statement: Composable) -> None:
        """Run a statement of our own; raises psycopg2.Error."""
        self._wait(self._thread.submit(self._cursor.execute, statement))

    def copy(self, statement: bytes, rows: Iterator[bytes]) -> None:
        """Run a COPY … FROM stdin with these rows; raises psycopg2.Error, or what `rows` raises."""
        reading = _Reading(rows, lambda: self._left)

        def copied() -> None:
            with _first_error():
                self._cursor.copy_expert(statement, reading, _BLOCK)

        try:
            self._wait(self._thread.submit(copied))
        except psycopg2.Error:
            if reading.failure:
                raise reading.failure from None
            raise

    def _wait(self, promise: "Future[_Result]") -> _Result:
        try:
            return promise.result()
        except psycopg2.Error:
            raise
        except BaseException:
            self._leave()
            raise

    def _leave(self) -> None:
        """End what is under way: the server is asked to stop, and then nobody listens any more."""
        self._left = True
        cancel(self._link)
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the session, and with it a transaction that is open."""
        self._thread.shutdown()
        self._line.close()
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _first_error() -> Iterator[None]:
    """Raise the first error of a session that ends within a COPY.

    psycopg2 forgets it for the loss of the line that follows, and prints it, with a row, as nobody
    else's error: to the hook that is set here for this thread.
    """
    thread, former = threading.get_ident(), sys.excepthook
    lost: list[BaseException] = []

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if threading.get_ident() != thread:
            former(kind, error, trace)
        elif error.__cause__:
            lost.append(error.__cause__)

    sys.excepthook = hook
    try:
        yield
    except psycopg2.Error:
        if lost:
            raise lost[0] from None
        raise
    finally:
        sys.excepthook = former


class _Reading:
    """Rows as a file that psycopg2 reads; remembers what reading them has raised."""

    def __init__(self, rows: Iterator[bytes], is_left: Callable[[], bool]) -> None:
        self._rows, self._is_left = rows, is_left
        self.failure: BaseException | None = None

    def read(self, _: int) -> bytes:
        try:
            if self._is_left():
                raise InterruptedError
            return next(filter(None, self._rows), b"")
        except BaseException as failure:
            self.failure = failure
            raise

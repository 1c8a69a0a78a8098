"""A session that runs the statements of a dump one by one, and can be left at any moment."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import psycopg2
from psycopg2.sql import Composable

from snapper.engines.postgresql.connecting.asking import WORKS, failure
from snapper.engines.postgresql.connecting.server_words import words_of
from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.values.redaction import Redactor

_BLOCK = 1 << 16


class StatementRunner:
    """One session; every statement commits by itself, unless one of them begins a transaction."""

    def __init__(self, connection: Connection, redact: Redactor, *, again: bool = True) -> None:
        """Connect, `again` for a while where the server is not ready.

        Raises DatabaseUnreachable, DatabaseUnsupported.
        """
        self._link = connect(connection, redact, again=again)
        self._link.patience = WORKS
        self._cursor = self._link.cursor()
        self.version = self._link.server_version
        self.where, self.redact = connection.place, redact

    def run(self, statement: bytes) -> list[str]:
        """Run it, and give what the server warns of; raises psycopg2.Error."""
        del self._link.notices[:]
        self._cursor.execute(statement)
        return [" ".join(each.partition(":")[2].split()) for each in self._link.notices]

    def ask(self, query: str | bytes, *values: object) -> list[tuple[object, ...]]:
        """Run a query of our own and give its rows; raises psycopg2.Error."""
        self._cursor.execute(query, values or None)
        return self._cursor.fetchall() if self._cursor.description else []

    def change(self, statement: Composable) -> None:
        """Run a statement of our own; raises psycopg2.Error."""
        self._cursor.execute(statement)

    def copy(self, statement: bytes, rows: Iterator[bytes]) -> None:
        """Run a COPY … FROM stdin with these rows; raises psycopg2.Error, or what `rows` raises."""
        reading = _Reading(rows, lambda: self._link.left is not None)

        def copied() -> None:
            with _first_error():
                self._cursor.copy_expert(statement, reading, _BLOCK)

        try:
            self._link.apart(copied)
        except psycopg2.Error:
            if reading.failure:
                raise reading.failure from None
            raise

    def leave(self, why: BaseException) -> None:
        """Have the server stop what it does, and the session end; any thread may call this."""
        self._link.leave(why)

    def close(self) -> None:
        """End the session, and with it a transaction that is open."""
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, trace: object) -> None:
        """Close, and tell in our own words of an error that nobody expected."""
        self.close()
        if isinstance(error, psycopg2.Error):
            raise failure(error, self.where, self.redact(words_of(error))) from None


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

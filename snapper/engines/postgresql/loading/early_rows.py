"""Rows that are refused at first, and are read from the dump once more when the others are there.

A CHECK or a generated column may call a function that looks at another table, or that names one
without its schema; which is told in many ways, for a function may raise any error in its stead.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg2

from snapper.engines.postgresql.loading import leniency
from snapper.engines.postgresql.loading.attempt import Attempts
from snapper.engines.postgresql.loading.checks import BrokenChecks
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.reading.statements import Part, Rows, Statement, parted

GiveUp = Callable[[Statement, psycopg2.Error], None]

_END_OF_ROWS = b"\\.\n"


@dataclass
class _Waiting:
    """A COPY with what was wrong with it at first, and the path that it is tried with next."""

    statement: Statement
    error: psycopg2.Error
    search_path: str = ""


class EarlyRows:
    """Runs every COPY; those that came too early wait for `retry`."""

    def __init__(
        self, attempts: Attempts, checks: BrokenChecks, loading: Loading, give_up: GiveUp
    ) -> None:
        self._attempts, self._checks, self._loading = attempts, checks, loading
        self._give_up = give_up
        self._waiting: dict[bytes, _Waiting] = {}

    def copy(self, statement: Statement, parts: Iterator[Part]) -> None:
        """Run a COPY with the rows that come next."""
        error = self._attempts.copy(statement, rows(parts))
        if error is None:
            return
        if leniency.comes_too_early(statement.text, error) and self._loading.again:
            path = self._loading.search_path if leniency.misses_a_name(error) else ""
            self._waiting[statement.text] = _Waiting(statement, error, path)
        else:
            self._give_up(statement, error)

    def retry(self) -> None:
        """Read the dump once more for those that wait, as long as there is another way to try.

        They are tried plainly, then with the path of the source; and then without the checks that
        they break, where the best is to be made of it.
        """
        while self._waiting and self._loading.again:
            waiting, self._waiting = self._waiting, {}
            parts = self._loading.again()
            while waiting and (part := next(parts, None)):
                body = parted(part.text)[1] if isinstance(part, Statement) else b""
                if body in waiting:
                    self._once_more(waiting.pop(body), parts)

    def _once_more(self, tried: _Waiting, parts: Iterator[Part]) -> None:
        path = self._loading.search_path
        left = self._attempts.copy(tried.statement, rows(parts), tried.search_path)
        if left is None:
            return
        again = _Waiting(tried.statement, tried.error)
        if path and not tried.search_path and leniency.comes_too_early(b"COPY ", left):
            again.search_path = path
        elif not (self._loading.options.best_effort and self._checks.take(left)):
            self._give_up(tried.statement, tried.error if tried.search_path else left)
            return
        self._waiting[tried.statement.text] = again


def rows(parts: Iterator[Part]) -> Iterator[bytes]:
    r"""Give the rows behind a COPY as the server takes them: without the line that ends them."""
    first = True
    for part in parts:
        text = part.text
        if first and text:
            text, first = text[1:], False  # the end of the line of the COPY
        last = isinstance(part, Rows) and part.last
        yield text.removesuffix(_END_OF_ROWS) if last else text
        if last:
            return

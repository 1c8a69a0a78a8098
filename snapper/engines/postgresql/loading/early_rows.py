"""Rows that are refused at first, and are read from the dump once more when the others are there.

A CHECK or a generated column may call a function that looks at another table, or that names one
without its schema; which is told in many ways, for a function may raise any error in its stead.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import psycopg2

from snapper.engines.postgresql.connecting.server_words import sqlstate
from snapper.engines.postgresql.loading import leniency
from snapper.engines.postgresql.loading.astray import detach, into_the_whole, is_astray
from snapper.engines.postgresql.loading.attempt import Attempts
from snapper.engines.postgresql.loading.checks import BrokenChecks
from snapper.engines.postgresql.loading.described import described, left_out
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.reading.statements import Part, Rows, Statement

GiveUp = Callable[[Statement, psycopg2.Error], None]

_END_OF_ROWS = b"\\.\n"


@dataclass
class _Waiting:
    """A COPY with what was wrong with it at first, and the path that it is tried with next."""

    statement: Statement
    error: psycopg2.Error
    search_path: str = ""
    whole: bool = False
    """Whether it goes into the table that its own is a partition of."""


class EarlyRows:
    """Runs every COPY; those that came too early wait for `retry`."""

    def __init__(
        self, attempts: Attempts, checks: BrokenChecks, loading: Loading, give_up: GiveUp
    ) -> None:
        self._attempts, self._checks, self._loading = attempts, checks, loading
        self._give_up = give_up
        self._waiting: dict[int, _Waiting] = {}  # by line: two may have the same words

    def copy(self, statement: Statement, parts: Iterator[Part]) -> None:
        """Run a COPY with the rows that come next."""
        seen = _Seen(rows(parts))
        error = self._attempts.copy(statement, iter(seen))
        if error is None or self._loading.lacks(statement, error, self._attempts.runner):
            return
        if not (seen.any or self._loading.options.strict):
            # Such as an extension's own table that only a superuser may fill.
            why = "it is refused, and there is no row in it"
            nothing = replace(left_out(statement.text, why, sqlstate(error)), rows=False)
            self._loading.tell(self._loading.left_out, nothing)
            return
        self._loading.kept.add(statement.text, error)
        if is_astray(error) and self._loading.again:
            self._waiting[statement.line] = _Waiting(statement, error, whole=True)
        elif leniency.comes_too_early(statement.text, error) and self._loading.again:
            path = self._loading.search_path if leniency.misses_a_name(error) else ""
            self._waiting[statement.line] = _Waiting(statement, error, path)
        else:
            self._give_up(statement, error)

    def retry(self) -> None:
        """Read the dump once more for those that wait, as long as there is another way to try.

        They are tried plainly, then with the path of the source, or into the table that theirs is
        a partition of; and then without the checks that they break, where the best is to be made
        of it.
        """
        while self._waiting and self._loading.again:
            waiting, self._waiting = self._waiting, {}
            parts = self._loading.again()
            while waiting and (part := next(parts, None)):
                if isinstance(part, Statement) and part.line in waiting:
                    self._once_more(waiting.pop(part.line), parts)

    def _once_more(self, tried: _Waiting, parts: Iterator[Part]) -> None:
        left = self._copied(tried, parts)
        if left is None:
            return
        again = _Waiting(tried.statement, tried.error)
        if is_astray(left) and not tried.whole:
            again = _Waiting(tried.statement, left, tried.search_path, whole=True)
        elif self._may_take_a_path(tried, left):
            again.search_path = self._loading.search_path
        elif not self._makes_room(tried, left):
            told_at_first = tried.whole or tried.search_path
            self._give_up(tried.statement, tried.error if told_at_first else left)
            return
        self._waiting[tried.statement.line] = again

    def _makes_room(self, tried: _Waiting, left: psycopg2.Error) -> bool:
        """Take away what keeps rows out, where the best is to be made of it."""
        if not self._loading.options.best_effort:
            return False
        if not tried.whole:
            return self._checks.take(left)
        alone = detach(tried.error, self._attempts.runner)
        if alone:
            self._loading.tell(self._loading.missing, alone)
        return alone is not None

    def _may_take_a_path(self, tried: _Waiting, left: psycopg2.Error) -> bool:
        untried = self._loading.search_path and not (tried.search_path or tried.whole)
        return bool(untried) and leniency.comes_too_early(b"COPY ", left)

    def _copied(self, tried: _Waiting, parts: Iterator[Part]) -> psycopg2.Error | None:
        """Run a COPY once more, in the way that is to be tried."""
        statement, whole = tried.statement, None
        if tried.whole and (whole := into_the_whole(statement.text, self._attempts.runner)):
            statement = Statement(whole[0], statement.line)
        left = self._attempts.copy(statement, rows(parts), tried.search_path)
        if whole and left is None:
            words = f"are not within the bounds of their partition here: they are in {whole[1]}"
            note = f"{described(tried.statement.text)} {words}"
            self._loading.tell(self._loading.notes, note)
            if self._loading.alone:
                self._loading.alone.moved.add(whole[1])
        return left


class _Seen:
    """Passes rows on, and knows whether there were any."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.any = False

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.any |= bool(piece)
            yield piece


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

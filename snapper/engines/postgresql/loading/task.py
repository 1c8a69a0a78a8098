"""How one database is to be filled, and what has come of it so far."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import psycopg2

from snapper.engines.facts import RestoreOptions
from snapper.engines.postgresql.connecting.server_words import sqlstate
from snapper.engines.postgresql.loading import leniency
from snapper.engines.postgresql.loading.absentees import is_for_nobody
from snapper.engines.postgresql.loading.described import left_out
from snapper.engines.postgresql.loading.kept import Kept
from snapper.engines.postgresql.loading.lacks import Lacks
from snapper.engines.postgresql.loading.reason import reason
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.superusers import BUILT_UPON, DENIALS, is_denied
from snapper.engines.postgresql.reading.statements import Part, Statement
from snapper.values.left_out import LeftOut

_Told = TypeVar("_Told", LeftOut, str)


@dataclass
class Alone:
    """A trial: it reaches for no other server, and does without what its own does not have.

    Those are `roles` and extensions. `moved` are the tables whose partitions have rows of others'.
    """

    roles: frozenset[str] = frozenset()
    lacks: Lacks = field(default_factory=Lacks)
    moved: set[str] = field(default_factory=set)


@dataclass
class Loading:
    """What `load` has to know beside the dump, and what it tells.

    `search_path` is the source's own. `again` reads the parts of the dump once more; without it
    rows are not tried again. With `atomic` all is within one transaction of the caller's. It is
    `alone` in a trial.
    """

    options: RestoreOptions
    search_path: str = ""
    again: Callable[[], Iterator[Part]] | None = None
    atomic: bool = False
    alone: Alone | None = None
    rows_alone: bool = False
    """Whether rows go into tables that were there before, maybe beside others."""
    forgo: Callable[[bytes, psycopg2.Error], bool] = lambda _body, _error: False
    """Tells of a refused statement whether it can be done without; if so it has said that."""
    given_late: list[Statement] = field(default_factory=list)
    """What gives things to owners whose rights this user has none of by itself."""
    left_out: list[LeftOut] = field(default_factory=list)
    """What changes no data, and was refused."""
    missing: list[LeftOut] = field(default_factory=list)
    """What would have stopped the restore, if the best were not to be made of it."""
    notes: list[str] = field(default_factory=list)
    kept: Kept = field(default_factory=Kept)
    _told: set[LeftOut | str] = field(default_factory=set)

    def tell(self, report: list[_Told], what: _Told) -> None:
        """Add something to one of the lists; once of a table that several statements load."""
        if isinstance(what, str) or what.kind == "rows":
            if what in self._told:
                return
            self._told.add(what)
        self.kept.add(str(what))
        report.append(what)

    def lacks(self, statement: Statement, error: psycopg2.Error, runner: StatementRunner) -> bool:
        """Tell whether a refused statement is left out for want of an extension."""
        return self.alone is not None and self.alone.lacks.takes(statement.text, error, runner)

    def without_lacking(
        self, waiting: list[tuple[Statement, psycopg2.Error]], runner: StatementRunner
    ) -> list[tuple[Statement, psycopg2.Error]]:
        """Give those that still may succeed: what is built upon what is left out goes too."""
        left: list[tuple[Statement, psycopg2.Error]] = []
        while len(left) != len(waiting):
            left, waiting = waiting, [each for each in waiting if not self.lacks(*each, runner)]
        return waiting

    def lacks_xml(self, error: psycopg2.Error) -> bool:
        """Tell whether a statement is refused for want of XML, which no other server has either."""
        alone = self.alone
        return alone is not None and alone.lacks.leaves_out and leniency.lacks_xml(error)

    def outgrown(
        self, statement: Statement, error: psycopg2.Error, runner: StatementRunner
    ) -> bool:
        """Tell whether a statement is left out that this server does not take; say that it is."""
        body = statement.text
        can_go = leniency.can_go(body, error) or is_for_nobody(body, error, runner)
        if self.alone is None or can_go or is_denied(body, error):
            return False
        if not self.alone.lacks.outgrown(body, error):
            return False
        why = self.reason(error, body, runner)
        self.tell(self.left_out, left_out(body, why, sqlstate(error)))
        return True

    def reason(self, error: psycopg2.Error, body: bytes, runner: StatementRunner) -> str:
        """Say why a statement was refused, as far as the user wants to see it."""
        return reason(error, body, runner, show_values=self.options.show_values)

    def without_outgrown(
        self, waiting: list[tuple[Statement, psycopg2.Error]], runner: StatementRunner
    ) -> list[tuple[Statement, psycopg2.Error]]:
        """Give those that still may succeed, before any rows: tables may be built upon the others.

        By then nothing of the dump is missing that could be made, and nothing of it has run.
        """
        kept = [each for each in waiting if not self.outgrown(*each, runner)]
        return self.without_lacking(kept, runner)

    @property
    def refused(self) -> list[str]:
        """What this user was not let make, by kind and name: something may be built upon it."""
        denied = (each for each in self.left_out if each.sqlstate in DENIALS)
        return [f"{each.kind} {each.name}" for each in denied if each.kind in BUILT_UPON]

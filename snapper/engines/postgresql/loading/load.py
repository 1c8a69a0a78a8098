"""Runs the statements of a dump in order, and decides about each that the server refuses.

What changes no data is left out and named, or stops the restore where it is to be strict. What may
have come too early is tried again at the end of its section, and at the very end. Anything else
stops the restore; where the best is to be made of it, it is left out and named too.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

import psycopg2

from snapper.engines.postgresql.connecting.server_words import sqlstate
from snapper.engines.postgresql.loading import leniency
from snapper.engines.postgresql.loading.absentees import is_for_nobody, may_not_own, roles_of
from snapper.engines.postgresql.loading.attempt import Attempts
from snapper.engines.postgresql.loading.checks import BrokenChecks
from snapper.engines.postgresql.loading.described import described, left_out, makes_missing
from snapper.engines.postgresql.loading.early_rows import EarlyRows
from snapper.engines.postgresql.loading.foreign import Unfilled, is_filled_elsewhere
from snapper.engines.postgresql.loading.kept import whole
from snapper.engines.postgresql.loading.late_owners import LateOwners
from snapper.engines.postgresql.loading.refusal import refusal
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.superusers import is_called, is_denied
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.reading.statements import Part, Statement, parted

_NO_OTHER_SERVER = "a trial reaches for no other server"


def load(
    parts: Iterable[Part], runner: StatementRunner, loading: Loading, *, more: bool = False
) -> None:
    """Run all statements, and tell `loading` what came of it; `more` of the dump may come later.

    Raises RestoreFailed at what stops the restore, or whatever reading the parts raises.
    """
    loader = Load(runner, loading)
    loader.run(iter(parts))
    loader.end(more=more)


class Load:
    """The statements of one dump: `run` as they come, in however many calls; at last the `end`."""

    def __init__(self, runner: StatementRunner, loading: Loading) -> None:
        self._attempts, self._loading = Attempts(runner, loading), loading
        self._runner, self._options, self._alone = runner, loading.options, loading.alone
        self._early: list[tuple[Statement, psycopg2.Error]] = []
        self._checks = BrokenChecks(runner)
        self._rows = EarlyRows(self._attempts, self._checks, loading, self._give_up)
        self._last: list[Statement] = []
        self._mappings: list[Statement] = []
        self._owners = LateOwners(runner, loading)
        self._gone: set[tuple[bytes, bytes]] = set()
        self._grantor = ""
        self._in_batch = self._skips_batch = self._has_unfilled = False
        self._had_data = self._data_ended = False

    def run(self, parts: Iterator[Part]) -> None:
        """Run these."""
        for part in parts:
            body = parted(whole(part, parts))[1]
            if not body:
                continue
            statement = Statement(body, part.line if isinstance(part, Statement) else 0)
            self._enter_section(body)
            if body.startswith(b"COPY "):
                self._rows.copy(statement, parts)
            elif body.startswith((b"BEGIN;", b"COMMIT;")):
                self._batch(statement)
            elif not self._set_aside(statement):
                self._run(statement)

    def end(self, *, more: bool = False) -> None:
        """Run what was to wait for all the rest, and give up what still fails."""
        self.end_data()
        self._retry()
        for statement in chain(() if more else self._owners.all(), self._last):
            if not self._is_unwanted(statement.text):
                self._run(statement)
        self._retry()
        for statement in self._mappings:
            self._run(statement)
        for statement, error in self._early:
            self._give_up(statement, error)

    def _enter_section(self, body: bytes) -> None:
        """Try again what came too early when all tables are there, and when all rows are."""
        if leniency.ROW_DATA.match(body):
            self.begin_data()
        elif self._had_data and not body.startswith(b"SET "):
            self.end_data()

    def begin_data(self) -> None:
        """All tables are there, and rows come next."""
        if not self._had_data:
            self._had_data = True
            self._retry()
            self._early = self._loading.without_outgrown(self._early, self._runner)

    def end_data(self) -> None:
        """All rows are there."""
        if not self._data_ended:
            self._data_ended = True
            self._rows.retry()
            self._loading.missing.extend(self._checks.give_back())
            self._retry()

    def _set_aside(self, statement: Statement) -> bool:
        """Tell whether a statement is not to be run now, or not at all."""
        body = statement.text
        if self._skips_batch or self._is_unwanted(body):
            return True
        if leniency.EVENT_TRIGGER.match(body):
            # From when they are there they act on every other statement.
            self._keep(self._last, statement)
        elif self._grantor and body.startswith(leniency.RETURNS):
            self._grantor = ""
        elif self._grantor and leniency.PRIVILEGES.match(body):
            why = f"{self._grantor} gave it, whom this user cannot become"
            self._leave_out(statement, None, why)
        elif self._alone and (gone := self._alone.roles.intersection(roles_of(body))):
            self._leave_out(statement, None, f"the role {min(gone)} is not there")
        elif self._alone and leniency.SUBSCRIPTION.match(body):
            self._leave_out(statement, None, _NO_OTHER_SERVER)
        elif self._alone and leniency.USER_MAPPING.match(body):
            # Without one a function that asks another server finds no way to it.
            self._keep(self._mappings, statement)
        elif self._alone and is_filled_elsewhere(body, self._runner):
            self._leave_out(statement, None, f"it stays unfilled: {_NO_OTHER_SERVER}")
        else:
            return self._owners.keeps(statement)
        return True

    def _keep(self, waiting: list[Statement], statement: Statement) -> None:
        self._loading.kept.add(statement.text)
        waiting.append(statement)

    def _is_unwanted(self, body: bytes) -> bool:
        """Tell whether the user does not want it, or what it is about was left out already."""
        owner, privileges = self._options.no_owner, self._options.no_privileges
        if leniency.BECOMES.match(body) or body.startswith(leniency.RETURNS):
            return owner or privileges
        if owner and leniency.OWNER.fullmatch(body):
            return True
        if privileges and leniency.PRIVILEGES.match(body):
            return True
        return leniency.object_of(body) in self._gone

    def _batch(self, statement: Statement) -> None:
        """Begin or end a batch of large objects, which is a transaction of the dump's own."""
        if self._loading.atomic:
            return
        if not self._skips_batch:
            self._runner.run(statement.text)
        self._in_batch = statement.text.startswith(b"BEGIN")
        self._skips_batch = False

    def _run(self, statement: Statement) -> None:
        error = self._attempts.run(statement, plainly=self._in_batch)
        if error is None or self._loading.forgo(statement.text, error):
            return
        if self._in_batch:
            self._runner.run(b"ROLLBACK")
            self._skips_batch = True
        body = statement.text
        if self._had_data and self._loading.lacks(statement, error, self._runner):
            pass
        elif leniency.BECOMES.match(body) and not self._options.strict:
            self._grantor = described(body).name
        elif self._waits(body, error):
            self._loading.kept.add(body, error)
            self._early.append((statement, error))
        else:
            self._give_up(statement, error)

    def _waits(self, body: bytes, error: psycopg2.Error) -> bool:
        """Tell whether it is to be tried again; what can go waits for what it may be about."""
        if self._in_batch or not leniency.comes_too_early(body, error):
            return False
        return bool(self._early) or not self._can_go(body, error)

    def _can_go(self, body: bytes, error: psycopg2.Error) -> bool:
        lacking, alone = bool(self._loading.refused), self._alone is not None
        return (
            leniency.can_go(body, error)
            or may_not_own(body, error, self._runner, lacking=lacking, alone=alone)
            or is_for_nobody(body, error, self._runner)
            # A trial is there for the rows.
            or (alone and is_called(body, error))
        )

    def _retry(self) -> None:
        """Try what came too early, as long as more and more of it succeeds."""
        waiting: list[tuple[Statement, psycopg2.Error]] = []
        while self._early and len(self._early) != len(waiting):
            waiting, self._early = self._early, []
            for statement, _ in waiting:
                if error := self._attempts.run(statement):
                    self._loading.kept.add(b"", error)
                    self._early.append((statement, error))
        self._early = self._loading.without_lacking(self._early, self._runner)

    def _leave_out(self, statement: Statement, error: psycopg2.Error | None, why: str) -> None:
        """Do without it; where nothing is to be left out, what the server refused stops it all."""
        if error and self._options.strict:
            raise refusal(statement, error, self._runner, self._loading) from None
        thing = leniency.object_of(statement.text)
        if thing and statement.text.startswith(b"CREATE "):
            self._loading.kept.add(thing[1])
            self._gone.add(thing)
        code = sqlstate(error) if error else ""
        self._loading.tell(self._loading.left_out, left_out(statement.text, why, code))

    def _give_up(self, statement: Statement, error: psycopg2.Error) -> None:
        """Stop, or do without it where the best is to be made of it."""
        is_lacking = self._loading.lacks(statement, error, self._runner)
        if is_lacking or self._loading.outgrown(statement, error, self._runner):
            return
        why = self._loading.reason(error, statement.text, self._runner)
        if self._can_go(statement.text, error):
            if self._alone and is_denied(statement.text, error):
                self._alone.lacks.deny(statement.text)
            self._leave_out(statement, error, why)
            return
        unfilled = Unfilled(self._runner, self._loading, self._has_unfilled, bool(self._mappings))
        if unfilled.explains(statement.text, error):
            self._has_unfilled = True
            self._leave_out(statement, error, f"it stays unfilled: {why}")
            return
        if not self._options.best_effort:
            # What would have made the missing thing, and waits in vain, is the cause.
            waiting = (each for each in self._early if makes_missing(each[0].text, error))
            cause, why_not = next(waiting, (statement, error))
            raise refusal(cause, why_not, self._runner, self._loading) from None
        if weaker := leniency.for_new_rows(statement.text):
            failed = self._attempts.run(Statement(weaker, statement.line))
            if failed:
                why += "; nor can it be added for new rows only: "
                why += self._loading.reason(failed, weaker, self._runner)
            else:
                why += "; it holds for new rows (NOT VALID)"
        self._loading.tell(self._loading.missing, left_out(statement.text, why, sqlstate(error)))

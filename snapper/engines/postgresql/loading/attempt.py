"""One statement is tried, and where it is refused in another way too, if there is one."""

from collections.abc import Callable, Iterator
from functools import partial

import psycopg2

from snapper.engines.postgresql.loading import leniency
from snapper.engines.postgresql.loading.absentees import for_those_here
from snapper.engines.postgresql.loading.described import described, left_out
from snapper.engines.postgresql.loading.lent_path import lending
from snapper.engines.postgresql.loading.owners import owner_to_become
from snapper.engines.postgresql.loading.refusal import refusal
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.superusers import for_everybody
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.newer_majors.keywords import in_quotes
from snapper.engines.postgresql.reading.statements import Statement
from snapper.errors import RestoreFailed

_SUBSCRIPTION_IS = (
    "is made disabled, and takes up nothing before ALTER SUBSCRIPTION … ENABLE; to drop it, SET"
    " (slot_name = NONE) first, or the slot that the source uses is dropped too"
)
_LENT = (
    "from 17 on PostgreSQL builds indexes and materialized views with no search_path but one that"
    " their functions have: it was lent to those that some here may call. ANALYZE, REINDEX and"
    " REFRESH fail there until they have one of their own: ALTER FUNCTION … SET search_path"
)
_IN_PART = "the server warned that not all of it is this user's to give"
_ROWS_SHOWN = b"SET row_security = on;", b"SET row_security = off;"
_QUOTED = "has names that are keywords of this major: restored with quotes around them"


class Attempts:
    """Runs statements; each is undone alone where it fails, also within a transaction."""

    def __init__(self, runner: StatementRunner, loading: Loading) -> None:
        self.runner, self._loading = runner, loading
        if loading.atomic:
            runner.run(b"SAVEPOINT before")

    def run(self, statement: Statement, *, plainly: bool = False) -> psycopg2.Error | None:
        """Run it, or another way unless `plainly`; give the error that is left.

        Raises RestoreFailed where the session is of no use any more.
        """
        body = statement.text
        notices: list[str] = []
        error = self._try(statement, lambda: notices.extend(self.runner.run(body)))
        if error is None:
            self._tell(statement, notices)
        elif not plainly:
            error = self._otherwise(statement, error)
        return error

    def _otherwise(self, statement: Statement, error: psycopg2.Error) -> psycopg2.Error | None:
        """Run it in another way, if there is one; give what was wrong at first if that fails."""
        body = statement.text

        def run() -> None:
            self.runner.run(body)

        if leniency.may_hide_rows(body, error):
            left = self._as_its_owner_sees(statement)
        elif other := self._reworded(body, error):
            text, words = other
            left = self._try(statement, lambda: self.runner.run(text))
            if left is None:
                self._note(body, words)
        elif leniency.may_want_a_path(body, error) and self._loading.search_path:
            left = self._with_path(statement)
        elif within := leniency.may_lack_create(body, error):
            left = self._lending(within["schema"], within["role"], statement)
        elif became := leniency.BECOMES.fullmatch(body):
            role = b"SET ROLE " + became["role"]
            left = self._try(statement, lambda: self.runner.run(role))
        else:
            left = error
        if left and (roles := owner_to_become(body, error, self.runner)):
            left = self._with(statement, "role", *roles, run)
        return left and error

    def _reworded(self, body: bytes, error: psycopg2.Error) -> tuple[bytes, str] | None:
        """Give a statement in other words that the server may take, and what to say of it then."""
        if not self._loading.options.strict:
            if lesser := for_everybody(body, error):
                return lesser
            if (here := for_those_here(body, error, self.runner)) and here[0]:
                return here
        if leniency.is_not_understood(error) and (quoted := in_quotes(body)) != body:
            return quoted, _QUOTED
        return None

    def _as_its_owner_sees(self, statement: Statement) -> psycopg2.Error | None:
        """Fill a view with the rows that policies show, with the source's path if need be."""
        body = statement.text
        show = partial(self.runner.run, body)
        left = self._with(statement, "row_security", "on", "off", show)
        if left and leniency.may_want_a_path(body, left) and self._loading.search_path:
            left = self._with_path(statement, *_ROWS_SHOWN)
        if left is None:
            self._note(body, "was filled with row_security on: its owner may see fewer rows")
        return left

    def _with_path(
        self, statement: Statement, first: bytes = b"", last: bytes = b""
    ) -> psycopg2.Error | None:
        """Run it with the source's search_path, which functions get too where theirs counts."""
        body, path = statement.text, self._loading.search_path
        ways: list[tuple[bytes, bytes]] = []
        error = self._try(statement, lambda: ways.extend(lending(body, self.runner)))
        if error:
            return error
        for before, after in ways or [(b"", b"")]:
            whole = first + before + body + after + last
            error = self._with(statement, "search_path", path, "", partial(self.runner.run, whole))
            if error is None:
                self._note_path(body)
                self._loading.notes.extend([_LENT] if before else [])
                break
        return error

    def _lending(self, schema: bytes, role: bytes, statement: Statement) -> psycopg2.Error | None:
        """Let a role make things in a schema, which a new owner of something there must be able to.

        Only a superuser may do without; the source's owner need not have had the right.
        """
        lend = b"GRANT CREATE ON SCHEMA %b TO %b" % (schema, role)
        back = b"REVOKE CREATE ON SCHEMA %b FROM %b" % (schema, role)
        if error := self._try(statement, lambda: self.runner.run(lend)):
            return error
        error = self._try(statement, lambda: self.runner.run(statement.text))
        return self._try(statement, lambda: self.runner.run(back)) or error

    def copy(
        self, statement: Statement, rows: Iterator[bytes], search_path: str = ""
    ) -> psycopg2.Error | None:
        """Run a COPY with these rows, all of which are taken; gives and raises as `run` does."""
        untouched = True

        def given() -> Iterator[bytes]:
            nonlocal untouched
            for piece in rows:
                untouched = False
                yield piece

        def copy(text: bytes = statement.text) -> None:
            self.runner.copy(text, given())

        if search_path:
            error = self._with(statement, "search_path", search_path, "", copy)
        else:
            error = self._try(statement, copy)
            # A row may raise such an error too, and is gone then.
            if error and untouched and leniency.is_not_understood(error):
                quoted = in_quotes(statement.text)
                error = self._try(statement, lambda: copy(quoted)) and error
            elif error and untouched:
                roles = owner_to_become(statement.text, error, self.runner)
                error = (self._with(statement, "role", *roles, copy) and error) if roles else error
        for _ in rows:
            pass
        if search_path and error is None:
            self._note_path(statement.text)
        return error

    def _try(self, statement: Statement, action: Callable[[], object]) -> psycopg2.Error | None:
        try:
            action()
        except psycopg2.Error as error:
            if leniency.ends_all(error):
                raise refusal(statement, error, self.runner, self._loading) from None
            if self._loading.atomic:
                self.runner.run(b"ROLLBACK TO before")
            return error
        if self._loading.atomic:
            self.runner.run(b"RELEASE before; SAVEPOINT before")
        return None

    def _with(
        self, statement: Statement, name: str, value: str, usual: str, action: Callable[[], object]
    ) -> psycopg2.Error | None:
        """Do it while a setting has another value than usual."""
        change = "SELECT pg_catalog.set_config(%s, %s, false)"
        if error := self._try(statement, lambda: self.runner.ask(change, name, value)):
            return error
        error = self._try(statement, action)
        return self._try(statement, lambda: self.runner.ask(change, name, usual)) or error

    def _tell(self, statement: Statement, notices: list[str]) -> None:
        """Tell what a statement that went well has not done."""
        body = statement.text
        if body.startswith(b"CREATE SUBSCRIPTION "):
            self._note(body, _SUBSCRIPTION_IS)
        if notices and leniency.PRIVILEGES.match(body):
            # Whoever may grant nothing of it is only warned.
            if self._loading.options.strict:
                words = f"at line {statement.line} of the dump: {described(body)}: {_IN_PART}"
                raise RestoreFailed(f"the restore stopped {words}")
            self._loading.tell(self._loading.left_out, left_out(body, _IN_PART))

    def _note_path(self, body: bytes) -> None:
        path = self._loading.search_path
        self._note(body, f"names things without their schema: restored with search_path {path}")

    def _note(self, body: bytes, words: str) -> None:
        self._loading.tell(self._loading.notes, f"{described(body)} {words}")

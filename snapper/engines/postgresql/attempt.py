"""One statement is tried, and where it is refused in another way too, if there is one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2

from snapper.engines.postgresql import leniency
from snapper.engines.postgresql.described import described
from snapper.engines.postgresql.loading import Loading
from snapper.engines.postgresql.refusal import refusal
from snapper.engines.postgresql.statement_runner import StatementRunner
from snapper.engines.postgresql.statements import Statement

_SUBSCRIPTION_IS = (
    "is made disabled, and takes up nothing before ALTER SUBSCRIPTION … ENABLE; to drop it, SET"
    " (slot_name = NONE) first, or the slot that the source uses is dropped too"
)


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
        error = self._try(statement, lambda: self.runner.run(body))
        if error is None:
            self._tell(body)
        elif plainly:
            pass
        elif leniency.hides_rows(error) and leniency.REFRESH.match(body):
            with self._setting("row_security", "on", "off"):
                error = self._try(statement, lambda: self.runner.run(body))
            if error is None:
                self._note(body, "was filled with row_security on: its owner may see fewer rows")
        elif leniency.misses_a_name(error) and self._loading.search_path:
            with self._setting("search_path", self._loading.search_path, ""):
                error = self._try(statement, lambda: self.runner.run(body)) and error
            if error is None:
                self._note_path(body)
        elif within := leniency.may_lack_create(body, error):
            error = self._lending(within["schema"], within["role"], statement) and error
        elif became := leniency.BECOMES.fullmatch(body):
            role = b"SET ROLE " + became["role"]
            error = self._try(statement, lambda: self.runner.run(role)) and error
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
        with self._setting("search_path", search_path, ""):
            error = self._try(statement, lambda: self.runner.copy(statement.text, rows))
        for _ in rows:
            pass
        if search_path and error is None:
            self._note_path(statement.text)
        return error

    def _try(self, statement: Statement, action: Callable[[], None]) -> psycopg2.Error | None:
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

    @contextmanager
    def _setting(self, name: str, value: str, usual: str) -> Iterator[None]:
        """Have a setting for a while."""
        if value == usual:
            yield
            return
        change = "SELECT pg_catalog.set_config(%s, %s, false)"
        self.runner.ask(change, name, value)
        yield
        self.runner.ask(change, name, usual)

    def _tell(self, body: bytes) -> None:
        if body.startswith(b"CREATE SUBSCRIPTION "):
            self._note(body, _SUBSCRIPTION_IS)

    def _note_path(self, body: bytes) -> None:
        path = self._loading.search_path
        self._note(body, f"names things without their schema: restored with search_path {path}")

    def _note(self, body: bytes, words: str) -> None:
        self._loading.notes.append(f"{described(body)} {words}")

"""Makes some tables of a dump in a database that holds other things, none of which is changed.

What a table needs and the database has is used as it is, whatever the dump says of it. What may be
refused without harm to a table, such as a foreign key to another one, is left out and named.
"""

from collections.abc import Callable, Iterable, Iterator

import psycopg2

from snapper.engines.postgresql.connecting.server_words import sqlstate
from snapper.engines.postgresql.loading.described import left_out
from snapper.engines.postgresql.loading.reason import reason
from snapper.engines.postgresql.loading.statement_runner import StatementRunner
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.reading.portable import Portable
from snapper.engines.postgresql.reading.statements import Part, Statement
from snapper.engines.postgresql.selecting.definitions import Known
from snapper.engines.postgresql.selecting.forms import Thing, form_of
from snapper.engines.postgresql.selecting.mentions import Path
from snapper.engines.postgresql.selecting.plan import Plan
from snapper.engines.postgresql.target.present import are_anywhere, are_there

_DUPLICATES = frozenset({"42P07", "42710", "42723", "42P06"})
"""Of relations, of other objects, of functions, of schemas."""

_NOT_THERE = "42704"


class Selected:
    """What is run for some tables, one statement after the other."""

    def __init__(
        self, plan: Plan, runner: StatementRunner, loading: Loading, portable: Portable
    ) -> None:
        self._plan, self._runner, self._loading = plan, runner, loading
        self._portable = portable
        self._theirs = frozenset(plan.selection.own)
        self._running: tuple[Known, bytes] | None = None
        self.used: dict[Thing, None] = {}
        """What was there already, and is used."""
        self._filled: set[Path] = set()
        self._lost: set[str] = set()
        self._unmade: set[Thing] = set()
        self._made: set[Thing] = set()
        self._elsewhere = plan.selection.elsewhere

    def parts(self, rows: Callable[[], Iterator[Part]]) -> Iterator[Part]:
        """Give what is to be run, each when what was before it has been run."""
        yield from self._statements(self._plan.before)
        for part in rows():
            if isinstance(part, Statement):
                self._filled.update(path for _, path in form_of(part.text).about)
            yield part
        yield from self._statements(self._plan.after)

    def names_used(self) -> tuple[str, ...]:
        """Give what was there already and is used, by kind and name."""
        used = (thing for thing in self.used if thing[0] != "extension")
        return tuple(map(self._plan.described, used))

    def names_unneeded(self) -> tuple[str, ...]:
        """Give the extensions that were not made, by kind and name."""
        return tuple(map(self._plan.described, sorted(self._unmade)))

    def unfilled(self) -> Iterator[str]:
        """Say which tables have no rows because the backup has none of them."""
        if not self._plan.wanted.rows:
            return
        for path in map(self._plan.new_name, self._plan.with_rows()):
            if path not in self._filled:
                name = self._plan.definitions.shown(path)
                yield f"{name} is empty: the backup was made without its rows"

    def forgo(self, body: bytes, error: psycopg2.Error) -> bool:
        """Tell whether the tables can do without what the server has refused, and say so."""
        if self._running is None or self._running[1] != body:
            return False
        known = self._running[0]
        if self._is_of_lost(known) and sqlstate(error) == _NOT_THERE:
            return True
        if known.form.use in ("loose", "reference"):
            if self._loading.options.strict:
                return False
            self._leave_out(known, error)
            self._lost.add("constraint" if known.form.kind == "foreign key" else known.form.kind)
            return True
        things = known.form.makes or known.form.about
        is_shared = known.form.use == "make" and self._theirs.isdisjoint(things)
        if not (is_shared and sqlstate(error) in _DUPLICATES):
            return False
        self.used.update(dict.fromkeys(known.form.makes))
        return True

    def _is_of_lost(self, known: Known) -> bool:
        """Tell whether it is a comment on what may have been left out, or says whether it fires."""
        is_said = known.form.use == "rights" or known.text.startswith(b"ALTER ")
        return is_said and known.form.kind in self._lost

    def _statements(self, chosen: Iterable[Known]) -> Iterator[Part]:
        for known in chosen:
            things = (*known.form.makes, *known.form.about)
            if any(thing in self.used or thing in self._unmade for thing in things):
                continue
            shared = [thing for thing in known.form.makes if thing not in self._theirs]
            # Some things are made in two steps, such as a type whose functions need it already.
            if self._made.isdisjoint(shared) and shared and self._is_used(shared):
                continue
            if known.form.kind == "extension":
                self._extension(known)
                continue
            text = self._portable(self._plan.text(known))
            self._running = known, text
            yield Statement(text, known.line)
            self._made.update(thing for thing in shared if thing not in self.used)

    def _is_used(self, shared: list[Thing]) -> bool:
        """Tell whether it is there already, of what can be told by its name."""
        asked = [thing for thing in shared if thing[0] != "function"]
        there = bool(asked) and any(found for (found,) in self._runner.ask(are_there(asked)))
        if there:
            self.used.update(dict.fromkeys(shared))
        return there

    def _extension(self, known: Known) -> None:
        """Make an extension, if something that is missing is its own."""
        missing, required = self._missing(), self._plan.selection.required
        is_required = not required.isdisjoint(known.form.makes)
        if missing or is_required:
            self._runner.run(b"SAVEPOINT extension")
            try:
                self._runner.run(known.text)
                if is_required or self._missing() < missing:
                    self._runner.run(b"RELEASE extension")
                    return
            except psycopg2.Error as error:
                self._runner.run(b"ROLLBACK TO extension; RELEASE extension")
                self._leave_out(known, error)
            else:
                self._runner.run(b"ROLLBACK TO extension; RELEASE extension")
        self._unmade.update(known.form.makes)

    def _missing(self) -> set[Path]:
        """Give the names that neither the dump makes nor the database has."""
        names = sorted(self._elsewhere)
        if not names:
            return set()
        found = self._runner.ask(are_anywhere(names))
        return {name for name, (there,) in zip(names, found, strict=True) if not there}

    def _leave_out(self, known: Known, error: psycopg2.Error) -> None:
        text = self._plan.text(known)
        values = self._loading.options.show_values
        why = reason(error, text, self._runner, show_values=values)
        self._loading.tell(self._loading.left_out, left_out(text, why, sqlstate(error)))

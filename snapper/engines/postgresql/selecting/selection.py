"""The statements of a dump that make some of its tables and what these need, in their order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from snapper.engines.postgresql.selecting.definitions import Definitions, Known
from snapper.engines.postgresql.selecting.forms import Form, Thing, relation
from snapper.engines.postgresql.selecting.mentions import (
    PATH,
    QUOTED,
    Path,
    mentions,
    sql_of,
    without_texts,
)
from snapper.engines.postgresql.selecting.needed import Needs

_INHERITS = re.compile(rb"\nINHERITS \((?P<names>%b(?:, %b)*)\)" % (PATH, PATH))
_NAME = re.compile(QUOTED)
_PARTITIONED = b"\n)\nPARTITION BY "
_OF_THE_TABLE = frozenset({"later", "loose", "reference"})


@dataclass(frozen=True)
class Selection:
    """What makes the tables: `before` their rows and `after` them.

    Of the `needs` those are made that are not there. What is named and made `elsewhere` than in the
    dump may be an extension's.
    """

    tables: tuple[Path, ...]
    partitioned: frozenset[Path]
    before: tuple[Known, ...]
    after: tuple[Known, ...]
    needs: tuple[Thing, ...]
    """Among them the extensions that may have what is made elsewhere."""
    own: tuple[Thing, ...]
    """The tables, and what is theirs alone: their sequences, indexes and statistics."""
    elsewhere: frozenset[Path]
    required: frozenset[Thing]
    """Extensions that are needed whatever is there of what is made elsewhere."""


def select(definitions: Definitions, roots: list[Path], schema: Path = ()) -> Selection:
    """Choose what makes these tables, their partitions, and whatever they need.

    They will be in another `schema`, if one is given.
    """
    return _Selecting(definitions, roots, schema).selection()


class _Selecting:
    def __init__(self, definitions: Definitions, roots: list[Path], schema: Path) -> None:
        self._all, self._schema = definitions, schema
        self._needs = Needs(definitions)
        self._tables = dict.fromkeys(roots)
        """The tables with all that is theirs; of others that are needed only the definition."""
        self._own: dict[Thing, None] = {}
        self._chosen: dict[Thing, None] = {}
        self._partitioned: set[Path] = set()
        for path in roots:
            self._take_table(path)
        self._close()
        self._required = frozenset(each for each in self._chosen if each[0] == "extension")
        self._take_extensions()

    def selection(self) -> Selection:
        first = self._behind_tables()
        before = tuple(self._statements(0, first))
        needs = tuple(
            thing
            for known in self._all.statements
            for thing in known.form.makes
            if thing in self._chosen and thing not in self._own
        )
        return Selection(
            tables=tuple(self._in_order()),
            partitioned=frozenset(self._partitioned),
            before=before,
            after=tuple(self._statements(first, len(self._all.statements))),
            needs=tuple(dict.fromkeys(needs)),
            own=tuple(self._own),
            elsewhere=frozenset(self._needs.elsewhere),
            required=self._required,
        )

    def _behind_tables(self) -> int:
        """Give the place where rows can come: all of the tables are made, and nothing else is."""
        made = max(place for path in self._tables for place in self._all.makers[relation(path)])
        end = len(self._all.statements)
        behind = (at for at in range(made, end) if _is_behind_rows(self._all.statements[at].form))
        return next(behind, end)

    def _in_order(self) -> Iterator[Path]:
        for known in self._all.statements:
            if known.form.kind == "table" and known.form.makes[0][1] in self._tables:
                yield known.form.makes[0][1]

    def _take_table(self, path: Path) -> None:
        """Take a table with its partitions, its own sequences, its indexes and statistics."""
        self._tables[path] = None
        self._take_own(relation(path))
        if any(map(is_partitioned, self._making(relation(path)))):
            self._partitioned.add(path)
        for known in self._about(relation(path)):
            form = known.form
            if form.kind == "attached" and form.about[0] == relation(path):
                if form.about[1][1] not in self._tables:
                    self._take_table(form.about[1][1])
            elif form.kind == "owned" and form.about[1] == relation(path):
                self._take_own(form.about[0])
            else:
                for thing in form.makes:
                    self._take_own(thing)

    def _take_own(self, thing: Thing) -> None:
        self._own[thing] = self._chosen[thing] = None

    def _close(self) -> None:
        """Choose what is needed by what is chosen, until nothing more is."""
        waiting, seen = list(self._chosen), set[int]()
        while waiting:
            thing = waiting.pop()
            for place in (*self._all.makers[thing], *self._all.about[thing]):
                known = self._all.statements[place]
                if place in seen or known.form.use in ("reference", "state", "rights"):
                    continue
                if not self._is_chosen(known.form):
                    continue
                seen.add(place)
                for needed in (*self._needs.of(known), *self._schemas(known.form)):
                    if needed not in self._chosen:
                        self._chosen[needed] = None
                        waiting.append(needed)

    def _schemas(self, form: Form) -> Iterator[Thing]:
        """Give the schemas in which things are made."""
        for thing in form.makes:
            path = self._schema if self._schema and thing in self._own else thing[1][:1]
            if thing[1][1:] and ("schema", path) in self._all.makers:
                yield "schema", path

    def _take_extensions(self) -> None:
        """Choose those in whose schema something is named that the dump does not make."""
        schemas = {path[:1] for path in self._needs.elsewhere}
        for name, schema in self._all.extensions:
            if schema in schemas:
                self._chosen["extension", name] = None

    def _is_chosen(self, form: Form) -> bool:
        if form.table and form.table not in self._tables:
            return False
        if not all(thing in self._chosen for thing in form.about):
            return False
        if form.kind == "attached":
            # A partition alone is a table as any other.
            return all(thing in self._own for thing in form.about)
        return bool(form.about) or any(thing in self._chosen for thing in form.makes)

    def _making(self, thing: Thing) -> Iterator[Known]:
        for place in self._all.makers[thing]:
            yield self._all.statements[place]

    def _about(self, thing: Thing) -> Iterator[Known]:
        for place in self._all.about[thing]:
            yield self._all.statements[place]

    def _statements(self, start: int, end: int) -> Iterator[Known]:
        """Give what is chosen of a stretch of the dump, with the settings between."""
        role: Known | None = None
        for known in self._all.statements[start:end]:
            form = known.form
            if form.use == "session":
                yield known
            elif form.use == "rights" and not form.about:
                role = known if known.text.startswith(b"SET ") else None
            elif form.use != "rows" and self._is_chosen(form):
                yield from [role] if role else []
                yield known
                yield from self._apart(known)
                if role:
                    yield replace(role, text=b"RESET SESSION AUTHORIZATION;\n")

    def _apart(self, known: Known) -> Iterator[Known]:
        """Part a table from those that it inherits from: they would show its rows."""
        if known.form.kind == "table" and known.form.makes[0][1] in self._tables:
            table = known.form.makes[0][1]
            for parent in inherited(known):
                if parent not in self._tables:
                    yield replace(
                        known,
                        text=b"ALTER TABLE %b NO INHERIT %b;\n" % (sql_of(table), sql_of(parent)),
                        form=Form("make", "property", (), (relation(table),)),
                    )


def _is_behind_rows(form: Form) -> bool:
    return form.use in ("rows", "state", *_OF_THE_TABLE)


def inherited(known: Known) -> list[Path]:
    """Give the tables from which a table inherits."""
    if b"\nINHERITS (" not in known.text:
        return []
    found = _INHERITS.search(without_texts(known.text, escapes=known.escapes))
    return [each.path for each in mentions(found["names"])] if found else []


def is_partitioned(known: Known) -> bool:
    """Tell whether a table has no rows but those of its partitions, which may be none."""
    if _PARTITIONED not in known.text:
        return False
    return _PARTITIONED in _NAME.sub(b"", without_texts(known.text, escapes=known.escapes))

"""Some tables of a dump as they will be made: what of the dump is run, and with which names."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from snapper.engines.facts import Need, SomeTables, Wanted
from snapper.engines.postgresql.naming.names import NAME, plain
from snapper.engines.postgresql.reading.statements import Part, Rows, Statement, parted
from snapper.engines.postgresql.selecting.around import around
from snapper.engines.postgresql.selecting.definitions import Definitions, Known
from snapper.engines.postgresql.selecting.forms import Thing, form_of
from snapper.engines.postgresql.selecting.mentions import PATH, QUOTED, Path
from snapper.engines.postgresql.selecting.renaming import LONGEST, Renaming
from snapper.engines.postgresql.selecting.selection import Selection, select
from snapper.engines.postgresql.selecting.wanted import chosen, read_name
from snapper.errors import SettingsError

_ROLES = re.compile(
    rb"(?:ALTER %(any)b OWNER TO|(?:GRANT|REVOKE) %(any)b (?:TO|FROM)|SET SESSION AUTHORIZATION"
    rb"|CREATE POLICY %(q)b ON %(p)b (?:AS [A-Z]+ )?(?:FOR [A-Z]+ )?TO)"
    rb" (?P<roles>%(n)b(?:, %(n)b)*)"
    % {b"any": rb"(?:[^;'\"]|%b)+?" % QUOTED, b"n": NAME, b"p": PATH, b"q": QUOTED}
)
_ROLE = re.compile(NAME)


@dataclass(frozen=True)
class Plan:
    """What is run for some tables: `before` their rows, and `after` them."""

    selection: Selection
    wanted: Wanted
    definitions: Definitions
    before: tuple[Known, ...]
    after: tuple[Known, ...]
    renaming: Renaming | None = None

    def text(self, known: Known) -> bytes:
        """Write a statement with the names that things get."""
        return self.renaming(known) if self.renaming else known.text

    def new_name(self, table: Path) -> Path:
        """Give the name that a table gets."""
        return self.renaming.table(table) if self.renaming else table

    def made(self) -> list[Thing]:
        """Give the tables, and what is theirs alone, by the names that they get."""
        own = self.selection.own
        return [self.renaming.thing(thing) for thing in own] if self.renaming else list(own)

    def schemas(self) -> list[Thing]:
        """Give the schemas that the tables go into, but those that are made for them."""
        paths = dict.fromkeys(self.new_name(path)[:1] for path in self.selection.tables)
        return [each for path in paths if (each := ("schema", path)) not in self.selection.needs]

    def described(self, thing: Thing) -> str:
        """Give kind and name of something that the dump makes."""
        return f"{self.definitions.kind_of(thing)} {self.definitions.shown(thing[1])}"

    def with_rows(self) -> list[Path]:
        """Give the tables that have rows of their own, by their names in the dump."""
        chosen = self.selection
        return [path for path in chosen.tables if path not in chosen.partitioned]

    def rows(self, parts: Iterator[Part]) -> Iterator[Part]:
        """Give the rows of the tables, out of a dump that holds them, for their new names."""
        for part in parts:
            if not isinstance(part, Statement):
                continue
            body = parted(part.text)[1]
            form = form_of(body)
            if form.use != "rows" or form.about[0][1] not in self.selection.tables:
                continue
            yield Statement(self.text(Known(body, part.line, form)), part.line)
            for rows in parts:
                yield rows
                if isinstance(rows, Rows) and rows.last:
                    break


def some_tables(sql: Iterable[bytes], wanted: Wanted) -> SomeTables:
    """Read a dump, or its statements alone, and choose what makes these tables.

    Raises SettingsError where a name is none, or not of one table; RestoreFailed at what pg_dump
    does not write.
    """
    definitions = Definitions.read(sql)
    roots = chosen(definitions, wanted)
    new = _new_name(definitions, roots, wanted)
    selection = select(definitions, roots, new[:-1])
    made = Plan(
        selection=selection,
        wanted=wanted,
        definitions=definitions,
        before=tuple(each for each in selection.before if _is_wanted(each, wanted)),
        after=tuple(each for each in selection.after if _is_wanted(each, wanted)),
        renaming=Renaming(roots[0], new, selection.own) if new else None,
    )
    notes = around(definitions, selection, roots) if wanted.definitions else _sequences(made)
    return SomeTables(
        names=tuple(definitions.shown(made.new_name(path)) for path in roots),
        parts=tuple(
            (definitions.text(path[0]), definitions.text(path[-1])) for path in made.with_rows()
        )
        if wanted.rows
        else (),
        needs=tuple(
            Need(definitions.kind_of(thing), definitions.shown(thing[1]))
            for thing in (selection.needs if wanted.definitions else ())
        ),
        notes=tuple(notes),
        roles=tuple(sorted(_roles((*made.before, *made.after)))),
        own=made,
    )


def _is_wanted(known: Known, wanted: Wanted) -> bool:
    use = known.form.use
    return use == "session" or (wanted.definitions and (use != "state" or wanted.rows))


def _new_name(definitions: Definitions, roots: list[Path], wanted: Wanted) -> Path:
    """Give the name that the table gets with its schema; nothing where it keeps its own."""
    if not wanted.named:
        return ()
    if len(roots) != 1:
        raise SettingsError(
            f"one name is given for {len(roots)} tables", hint="restore each one by itself"
        )
    parts = [name if quoted else name.lower() for name, quoted in read_name(wanted.named)]
    try:
        names = tuple(part.encode(definitions.codec) for part in parts)
    except UnicodeEncodeError:
        raise SettingsError(f"the backup's encoding has no {wanted.named}") from None
    if max(map(len, names)) > LONGEST:
        raise SettingsError(f"{wanted.named} is longer than the {LONGEST} bytes of a name")
    return (*roots[0][: 2 - len(names)], *names)


def _sequences(made: Plan) -> Iterator[str]:
    """Say of rows alone that nothing but rows is brought."""
    names = [
        made.definitions.shown(known.form.about[0][1])
        for known in made.selection.after
        if known.form.use == "state" and known.form.about[0] in made.selection.own
    ]
    if names and made.wanted.rows:
        yield f"the rows alone are brought: these sequences stay as they are: {', '.join(names)}"


def _roles(statements: Iterable[Known]) -> set[str]:
    found: set[str] = set()
    for known in statements:
        is_about_roles = known.form.use == "rights" or known.form.kind == "policy"
        if is_about_roles and (match := _ROLES.match(known.text)):
            found |= {plain(name) for name in _ROLE.findall(match["roles"]) if name != b"PUBLIC"}
    return found

"""What stands around tables in a dump and does not come with them, in sentences."""

import re
from collections.abc import Iterator

from snapper.engines.postgresql.selecting.definitions import Definitions, Known
from snapper.engines.postgresql.selecting.forms import relation
from snapper.engines.postgresql.selecting.mentions import PATH, QUOTED, Path, path_of
from snapper.engines.postgresql.selecting.selection import Selection, inherited

_REFERS = re.compile(rb"\sREFERENCES (?P<table>%b)\(" % PATH)
_PUBLISHES = re.compile(
    rb"ALTER PUBLICATION (?P<name>%b) ADD TABLE (?:ONLY )?(?P<table>%b)" % (QUOTED, PATH)
)
_SHOWN = 10


def around(definitions: Definitions, selection: Selection, roots: list[Path]) -> Iterator[str]:
    """Say what the tables had in the source and will not have."""
    shown = definitions.shown
    for path in roots:
        for parent in _wholes(definitions, path):
            if parent not in selection.tables:
                yield (
                    f"{shown(path)} is a partition of {shown(parent)}: it becomes a table of its"
                    " own, without what only the whole has, such as foreign keys and triggers"
                )
    left: dict[str, list[str]] = {}
    tables = frozenset(selection.tables)
    for known in definitions.statements:
        for what, name in _left(known, tables):
            left.setdefault(what, []).append(shown(name))
    for what, names in left.items():
        yield f"{what}: {_listed(names)}"


def _left(known: Known, tables: frozenset[Path]) -> Iterator[tuple[str, Path]]:
    """Give what is said of a statement that is not chosen, and whose it is."""
    form = known.form
    if form.kind == "table" and form.makes[0][1] not in tables:
        if not tables.isdisjoint(inherited(known)):
            yield "tables that inherit from it do not come with it", form.makes[0][1]
    elif form.kind == "foreign key" and form.table not in tables:
        refers = _REFERS.search(known.text)
        if refers and path_of(refers["table"]) in tables:
            yield "foreign keys of other tables to it are not made", form.table
    elif (found := _PUBLISHES.match(known.text)) and path_of(found["table"]) in tables:
        yield "it is added to no publication", path_of(found["name"])


def _wholes(definitions: Definitions, path: Path) -> Iterator[Path]:
    for place in definitions.about[relation(path)]:
        form = definitions.statements[place].form
        if form.kind == "attached" and form.about[1] == relation(path):
            yield form.about[0][1]


def _listed(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = len(unique) - _SHOWN
    return ", ".join(unique[:_SHOWN]) + (f" and {more} more" if more > 0 else "")

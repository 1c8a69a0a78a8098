"""The tables that somebody has named, found among those of a dump."""

import re
from collections.abc import Iterable, Iterator
from shlex import quote

from snapper.engines.facts import Wanted
from snapper.engines.postgresql.selecting.definitions import Definitions, Known
from snapper.engines.postgresql.selecting.mentions import Path
from snapper.errors import SettingsError
from snapper.values.nearest import did_you_mean
from snapper.values.program import PROGRAM

_NAME = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')
_WHOLE = re.compile(r'(?:"(?:[^"]|"")+"|[^".]+)(?:\.(?:"(?:[^"]|"")+"|[^".]+))?')
_SHOWN = 5
_FORMS = {
    "table": 'write table, schema.table or "Any name"."of a table" in quotes',
    "schema": 'write schema, or "Any name of one" in quotes',
}


def read_name(typed: str, kind: str = "table") -> list[tuple[str, bool]]:
    r"""Read a name as psql takes it: its parts, and of each whether it stood in quotes.

    >>> read_name('public.items'), read_name('"My app"."x.y"')
    ([('public', False), ('items', False)], [('My app', True), ('x.y', True)])
    """
    if not _WHOLE.fullmatch(typed):
        raise SettingsError(f"{quote(typed)} is no name of a {kind}", hint=_FORMS[kind])
    return [
        (quoted.replace('""', '"') or plain, bool(quoted)) for quoted, plain in _NAME.findall(typed)
    ]


def chosen(definitions: Definitions, wanted: Wanted) -> list[Path]:
    """Give the tables that are named, in the order of the dump.

    Raises SettingsError where there is none of a name, or more than one.
    """
    there = list(_tables(definitions, "table"))
    if not there and any(map(_is_unquoted, definitions.statements)):
        raise SettingsError(
            "this backup was made by a release that wrote names without quotes, by which no table"
            " can be taken out of it",
            hint="restore the whole backup into a new database (--create), and copy the table",
        )
    found = {_found(typed, there, definitions) for typed in wanted.tables}
    for typed in wanted.schemas:
        part, *others = read_name(typed, "schema")
        if others:
            raise SettingsError(
                f"{typed} is no name of a schema", hint=f"for this table: --table {quote(typed)}"
            )
        names = _spelled(part)
        within = {path for path in there if definitions.text(path[0]) == names[0]}
        within = within or {path for path in there if definitions.text(path[0]) in names}
        if not within:
            schemas = sorted({definitions.shown(path[:1]) for path in there})
            hint = did_you_mean(typed, schemas) or f"there are {', '.join(schemas[:_SHOWN])}"
            raise SettingsError(f"this backup has no table in a schema {typed}", hint=hint)
        found |= within
    return [path for path in there if path in found]


def _tables(definitions: Definitions, *kinds: str) -> Iterator[Path]:
    for known in definitions.statements:
        if known.form.use == "make" and known.form.kind in kinds:
            yield known.form.makes[0][1]


def _is_unquoted(known: Known) -> bool:
    return known.form.use == "none" and known.text.startswith(b"CREATE TABLE ")


def _found(typed: str, there: list[Path], definitions: Definitions) -> Path:
    if not (found := _meant(typed, there, definitions)):
        raise _absent(typed, there, definitions)
    if len(found) > 1:
        names = ", ".join(map(definitions.shown, found[:_SHOWN]))
        raise SettingsError(f"{typed} may be {names}", hint="write its schema too: schema.table")
    return found[0]


def _meant(typed: str, there: Iterable[Path], definitions: Definitions) -> list[Path]:
    """Give the tables of a name: as it is written, else in small letters as PostgreSQL reads it."""
    parts = [_spelled(part) for part in read_name(typed)]
    ends = [path for path in there if len(parts) <= len(path)]
    for way in (0, -1):
        names = [spelled[way] for spelled in parts]
        if found := [
            path for path in ends if [*map(definitions.text, path[-len(names) :])] == names
        ]:
            return found
    return []


def _spelled(part: tuple[str, bool]) -> list[str]:
    name, quoted = part
    return [name] if quoted else [name, name.lower()]


def _absent(typed: str, there: list[Path], definitions: Definitions) -> SettingsError:
    for kind in ("view", "materialized view", "foreign table", "sequence"):
        if _meant(typed, _tables(definitions, kind), definitions):
            return SettingsError(
                f"{typed} is a {kind}, and no table",
                hint="restore the whole backup into a new database (--create)",
            )
    known = [definitions.shown(path) for path in there]
    hint = did_you_mean(typed, [*known, *(name.partition(".")[2] for name in known)])
    return SettingsError(
        f"this backup has no table {typed}",
        hint=hint
        or f"{PROGRAM} contents KEY lists those that it has; an extension's own come with it alone",
    )

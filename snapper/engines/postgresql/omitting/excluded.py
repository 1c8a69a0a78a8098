"""What the operator leaves out of the backups of a database, and how pg_dump is told.

A name is exact, as the catalogue has it. pg_dump would take it for a pattern, and fold its letters.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from snapper.engines.postgresql.naming.names import quoted
from snapper.engines.postgresql.omitting.left_out import Kind
from snapper.values.options import Options

_PART = re.compile(r'"(?P<quoted>(?:[^"]|"")+)"|(?P<plain>[^".]+)')
_PATTERN = re.compile(r"[*?]")


@dataclass(frozen=True)
class Excluded(Kind):
    """What an option leaves out, and the argument by which pg_dump does. Nobody need find it."""

    query: str = ""
    argument: str = ""


def _chosen(kind: str, subject: str, what: str, option: str, argument: str) -> Excluded:
    reason, fix = f"the option {option} says so", f"take it out of {option} if it shall be kept"
    return Excluded(kind, subject, what, reason, fix, argument=argument)


SCHEMAS = _chosen(
    "excluded_schemas", "excluded schemas", "schemas", "excludeSchemas", "--exclude-schema"
)
TABLES = _chosen("excluded_tables", "excluded tables", "tables", "excludeTables", "--exclude-table")
TABLE_DATA = _chosen(
    "excluded_rows",
    "excluded rows",
    "the rows of tables",
    "excludeTableData",
    "--exclude-table-data",
)


class NameInvalid(ValueError):
    """The text is no such name; the message completes "the name ..."."""


@dataclass(frozen=True)
class Table:
    """A table by its schema and its name."""

    schema: str
    name: str

    def __str__(self) -> str:
        """Write it so that nothing in it is a pattern, and no letter is folded."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def shown(self) -> str:
        """Write it as an option has it."""
        return f"{shown(self.schema)}.{shown(self.name)}"


def shown(name: str) -> str:
    """Write a part of a name as an option has it: in double quotes only where it must be."""
    plain = _PART.fullmatch(name)
    return name if plain and plain["plain"] and not _PATTERN.search(name) else quoted(name)


def schema_of(text: str) -> str:
    """Read the name of a schema; raise NameInvalid.

    >>> schema_of("scratch"), schema_of('"my.own"')
    ('scratch', 'my.own')
    """
    parts = _parts(text)
    if len(parts) != 1:
        raise NameInvalid('must be that of one schema; with a dot in it, write it as "a.b"')
    return parts[0]


def table_of(text: str) -> Table:
    """Read the name of a table with its schema; raise NameInvalid.

    >>> table_of("public.Orders").name, table_of('public."a.b"').name
    ('Orders', 'a.b')
    """
    parts = _parts(text)
    if len(parts) != 2:
        raise NameInvalid("must be written as schema.table, like public.orders")
    return Table(*parts)


def faults(options: Options) -> Iterator[str]:
    """Give a sentence for each name that is none."""
    readers = {
        "excludeSchemas": (options.exclude_schemas, schema_of),
        "excludeTables": (options.exclude_tables, table_of),
        "excludeTableData": (options.exclude_table_data, table_of),
    }
    for name, (texts, read) in readers.items():
        for text in texts:
            try:
                read(text)
            except NameInvalid as invalid:
                yield f"{name} has {text}, which {invalid}"


def _parts(text: str) -> list[str]:
    parts, at = [], 0
    while True:
        found = _PART.match(text, at)
        if not found:
            raise NameInvalid('is not written as a name; an odd one stands in double quotes: "a.b"')
        if found["plain"] and _PATTERN.search(found["plain"]):
            raise NameInvalid("holds a * or ?: names are exact, there are no patterns")
        parts.append(found["plain"] or found["quoted"].replace('""', '"'))
        at = found.end()
        if at == len(text):
            return parts
        if text[at] != ".":
            raise NameInvalid('is not written as a name; an odd one stands in double quotes: "a.b"')
        at += 1

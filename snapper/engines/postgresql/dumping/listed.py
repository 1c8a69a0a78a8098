"""Which tables the snapshot has, and how large they are: what is shared out among several pg_dumps.

Names are taken as the bytes that they are in the database's own encoding: so pg_dump reads them in
its arguments, and so they come back in its output.
"""

import os
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.omitting.excluded import SCHEMAS, TABLE_DATA, TABLES
from snapper.engines.postgresql.omitting.left_out import MEMBER, OURS

# Those whose rows every dump has. What belongs to an extension is pg_dump's own affair.
_TABLES = f"""
    SELECT c.oid, textsend(n.nspname::text), textsend(c.relname::text)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND {OURS} AND NOT {MEMBER}
    AND (c.relpersistence = 'p' OR c.relpersistence = 'u' AND NOT pg_is_in_recovery())
"""  # noqa: S608  constants only

_SIZES = "SELECT number, pg_table_size(number::regclass) FROM unnest(%s::oid[]) AS number"

# pg_dump takes them along with their table; only one dump is to have them.
_SEQUENCES = """
    SELECT d.refobjid, textsend(n.nspname::text), textsend(c.relname::text)
    FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.refobjid = ANY(%s::oid[]) AND d.deptype IN ('a', 'i') AND c.relkind = 'S'
"""

_LARGE_OBJECTS = "SELECT pg_table_size('pg_catalog.pg_largeobject')"


@dataclass(frozen=True)
class Listed:
    """A table with its size in bytes, and the sequences that go with it, as pg_dump is told them.

    >>> print(Listed(b"public", b'the "x" of y', 0).pattern.decode())
    "public"."the ""x"" of y"
    """

    schema: bytes
    name: bytes
    size: int
    sequences: tuple[bytes, ...] = ()

    @property
    def pattern(self) -> bytes:
        """The table as pg_dump is told it: nothing in it is a pattern, and no letter is folded."""
        return _pattern(self.schema, self.name)


@dataclass(frozen=True)
class Content:
    """What the rows of a database are: those of tables, and how many bytes of large objects."""

    tables: tuple[Listed, ...]
    large_objects: int


def content(cursor: Cursor, arguments: Collection[str]) -> Content:
    """List what a dump with these arguments has; the session must not convert any name."""
    told = {os.fsencode(each) for each in arguments}
    cursor.execute(_TABLES)
    found = {
        number: (bytes(schema), bytes(name))
        for number, schema, name in cursor.fetchall()
        if not told & set(_leaving_out(bytes(schema), bytes(name)))
    }
    cursor.execute(_SIZES, [list(found)])
    # Of a table that is gone meanwhile there is none.
    sizes = {number: size or 0 for number, size in cursor.fetchall()}
    sequences = defaultdict[int, list[bytes]](list)
    cursor.execute(_SEQUENCES, [list(found)])
    for number, schema, name in cursor.fetchall():
        sequences[number].append(_pattern(bytes(schema), bytes(name)))
    cursor.execute(_LARGE_OBJECTS)
    (large_objects,) = cursor.fetchone()
    return Content(
        tuple(
            Listed(*names, sizes[number], tuple(sequences[number]))
            for number, names in found.items()
        ),
        large_objects,
    )


def _leaving_out(schema: bytes, name: bytes) -> tuple[bytes, ...]:
    """Give the arguments of which each would leave out the table, or its rows."""
    table = _pattern(schema, name)
    return (
        b"%b=%b" % (SCHEMAS.argument.encode(), _quoted(schema)),
        b"%b=%b" % (TABLES.argument.encode(), table),
        b"%b=%b" % (TABLE_DATA.argument.encode(), table),
    )


def _pattern(schema: bytes, name: bytes) -> bytes:
    return _quoted(schema) + b"." + _quoted(name)


def _quoted(name: bytes) -> bytes:
    return b'"' + name.replace(b'"', b'""') + b'"'

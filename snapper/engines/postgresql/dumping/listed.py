"""What the snapshot has: tables, and how large they are, to be shared out among several pg_dumps.

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

# Those of which every dump has what they hold. An extension's are pg_dump's own affair.
_DUMPED = f"""
    {OURS} AND NOT {MEMBER}
    AND (c.relpersistence = 'p' OR c.relpersistence = 'u' AND NOT pg_is_in_recovery())
"""

_TABLES = f"""
    SELECT c.oid, textsend(n.nspname::text), textsend(c.relname::text)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND {_DUMPED}
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

# With the table of each, if it has one, and whether that is an extension's.
_COUNTERS = f"""
    SELECT textsend(n.nspname::text), textsend(c.relname::text),
        textsend(m.nspname::text), textsend(t.relname::text),
        EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = t.oid
            AND e.deptype = 'e')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid
        AND o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i')
    LEFT JOIN pg_class t ON t.oid = o.refobjid LEFT JOIN pg_namespace m ON m.oid = t.relnamespace
    WHERE c.relkind = 'S' AND {_DUMPED}
"""  # noqa: S608  constants only

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
    """What the rows of a database are: those of tables, and how many bytes of large objects.

    `sequences` are those whose values every dump has, by schema and name.
    """

    tables: tuple[Listed, ...]
    large_objects: int
    sequences: tuple[tuple[bytes, bytes], ...] = ()


def content(cursor: Cursor, arguments: Collection[str]) -> Content:
    """List what a dump with these arguments has; the session must not convert any name."""
    told = {os.fsencode(each) for each in arguments}
    cursor.execute(_TABLES)
    found = {
        number: (bytes(schema), bytes(name))
        for number, schema, name in cursor.fetchall()
        if not _is_left_out(told, schema, name)
    }
    cursor.execute(_SIZES, [list(found)])
    # Of a table that is gone meanwhile there is none.
    sizes = {number: size or 0 for number, size in cursor.fetchall()}
    sequences = defaultdict[int, list[bytes]](list)
    cursor.execute(_SEQUENCES, [list(found)])
    for number, schema, name in cursor.fetchall():
        sequences[number].append(_pattern(bytes(schema), bytes(name)))
    cursor.execute(_COUNTERS)
    counters = tuple(
        (bytes(schema), bytes(name))
        for schema, name, *owner, of_extension in cursor.fetchall()
        if not of_extension
        and not _is_left_out(told, schema, name)
        # With its table an identity column's goes too. Others stay: nobody waits for them.
        and not (owner[0] and _is_left_out(told, *owner))
    )
    cursor.execute(_LARGE_OBJECTS)
    (large_objects,) = cursor.fetchone()
    return Content(
        tuple(
            Listed(*names, sizes[number], tuple(sequences[number]))
            for number, names in found.items()
        ),
        large_objects,
        counters,
    )


def _is_left_out(told: set[bytes], schema: bytes, name: bytes) -> bool:
    """Tell whether one of the arguments leaves out a relation, or what is in it."""
    return not told.isdisjoint(_leaving_out(bytes(schema), bytes(name)))


def _leaving_out(schema: bytes, name: bytes) -> tuple[bytes, ...]:
    """Give the arguments of which each would leave out the relation, or what is in it."""
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

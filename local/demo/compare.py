"""Compares two databases row by row, without ever holding more than a few rows of either.

Each server hashes and sorts its own rows, so no row leaves it and a wide one costs nothing here;
both sorted streams are then walked side by side. Equal streams mean equal rows, as many times each.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from psycopg2 import extensions

from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.encoding import keep_every_byte, readable
from snapper.engines.postgresql.names import quoted
from snapper.engines.postgresql.server import connect
from snapper.values.redaction import Redactor

Define = Callable[[str], Mapping[str, object]]
"""Gives the definitions of a database by name, such as `local.demo.definitions.definitions`."""

_AT_ONCE = 10_000
_BLOCK = 1 << 20
_SHOWN = 20

# The text of a value must not depend on the settings of its server, database or role.
_SETTINGS = """
    SET search_path = '';  SET TimeZone = 'UTC';  SET DateStyle = 'ISO, YMD';
    SET IntervalStyle = 'postgres';  SET bytea_output = 'hex';  SET extra_float_digits = 3;
    SET xmloption = 'content';  SET row_security = off;  SET statement_timeout = 0;
"""

# What pg_dump takes: no system schemas, nobody's temporary tables, and of an extension's tables
# only those that it declares to hold the user's data.
_OURS = """
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND c.relpersistence <> 't'
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)))
"""
_TABLES = f"SELECT n.nspname, c.relname {_OURS} AND c.relkind IN ('r', 'm') AND c.relispopulated"
_SEQUENCES = f"SELECT n.nspname, c.relname {_OURS} AND c.relkind = 'S'"
_ROWS = """
    SELECT pg_catalog.sha256(pg_catalog.convert_to(
        ROW(t.*)::text, pg_catalog.getdatabaseencoding())) FROM ONLY {} AS t ORDER BY 1
"""
_LARGE_OBJECTS = """
    SELECT oid, pg_catalog.pg_get_userbyid(lomowner),
        ARRAY(SELECT acl::text FROM pg_catalog.unnest(
            coalesce(lomacl, pg_catalog.acldefault('L', lomowner))) AS acl ORDER BY 1),
        pg_catalog.obj_description(oid, 'pg_largeobject')
    FROM pg_catalog.pg_largeobject_metadata ORDER BY 1
"""


@dataclass(frozen=True)
class Comparison:
    """What was compared, and every difference in words that hold no value of any row."""

    tables: int
    rows: int
    large_objects: int
    differences: tuple[str, ...]

    @property
    def identical(self) -> bool:
        """Whether nothing at all differs."""
        return not self.differences


def compare(source: str, copy: str, define: Define | None = None) -> Comparison:
    """Compare two databases, given as connection strings.

    Rows of all tables and materialised views, sequences, large objects; with `define` also every
    definition that it gives for a connection. Raises DatabaseUnreachable where there is no
    connection, psycopg2.Error when a side cannot be read.
    """
    with closing(_open(source)) as left, closing(_open(copy)) as right:
        tables, copied_tables = _names(left, _TABLES), _names(right, _TABLES)
        told = {**copied_tables, **tables}
        differences = _unequal("table", dict.fromkeys(tables), dict.fromkeys(copied_tables), told)
        rows = 0
        for table in sorted(tables.keys() & copied_tables.keys()):
            tally = _tally(_hashes(left, table), _hashes(right, table))
            rows += tally["both"] + tally["source"]
            if tally["source"] or tally["copy"]:
                differences.append(
                    f"table {told[table]}: {tally['source']} rows only in the source, "
                    f"{tally['copy']} only in the copy"
                )
        sequences, copied_sequences = _names(left, _SEQUENCES), _names(right, _SEQUENCES)
        differences += _unequal(
            "sequence",
            _sequences(left, sequences),
            _sequences(right, copied_sequences),
            {**copied_sequences, **sequences},
        )
        objects = _large_objects(left)
        differences += _unequal("large object", objects, _large_objects(right))
    if define:
        differences += _unequal("definition", define(source), define(copy))
    return Comparison(len(tables), rows, len(objects), tuple(differences))


def _open(text: str) -> extensions.connection:
    connection = connect(Connection.parse(text), Redactor(text))
    keep_every_byte(connection)
    # One instant for all tables, as pg_dump sees them.
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
    return connection


def _names(connection: extensions.connection, query: str) -> dict[str, str]:
    """Give what a query finds: its names as SQL takes them, and for people.

    Two of the latter may be the same: `a.b`.`c` and `a`.`b.c`, a byte and how it is written.
    """
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {
            ".".join(map(quoted, name)): readable(".".join(name), connection)
            for name in cursor.fetchall()
        }


def _tally(ours: Iterator[bytes], theirs: Iterator[bytes]) -> Counter[str]:
    """Walk two sorted streams; count what is in `both`, only in the `source`, in the `copy`."""
    tally = Counter[str]()
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if one == other:
            where = "both"
        elif other is None or (one is not None and one < other):
            where = "source"
        else:
            where = "copy"
        tally[where] += 1
        if where != "copy":
            one = next(ours, None)
        if where != "source":
            other = next(theirs, None)
    return tally


def _hashes(connection: extensions.connection, table: str) -> Iterator[bytes]:
    with connection.cursor(name="rows") as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(_ROWS.format(table))
        for (digest,) in cursor:
            yield bytes(digest)


def _sequences(connection: extensions.connection, names: Iterable[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    with connection.cursor() as cursor:
        for sequence in names:
            query = f"SELECT last_value, is_called FROM {sequence}"  # noqa: S608  quoted
            cursor.execute(query)
            found[sequence] = cursor.fetchone()
    return found


def _large_objects(connection: extensions.connection) -> dict[str, object]:
    with connection.cursor() as cursor:
        cursor.execute(_LARGE_OBJECTS)
        return {
            str(number): (_content(connection, number), *about)
            for number, *about in cursor.fetchall()
        }


def _content(connection: extensions.connection, number: int) -> bytes:
    digest = hashlib.sha256()
    with closing(connection.lobject(number, "rb")) as large_object:
        while block := large_object.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def _unequal(
    kind: str,
    left: Mapping[str, object],
    right: Mapping[str, object],
    names: Mapping[str, str] | None = None,
) -> list[str]:
    """Name what is only on one side and what differs, no more than fits a screen.

    `names` are what people read instead, where they are others.
    """
    told = []
    for name in sorted(left.keys() | right.keys()):
        words = f"{kind} {names[name] if names else _printable(name)}"
        if name not in right:
            told.append(f"{words} is only in the source")
        elif name not in left:
            told.append(f"{words} is only in the copy")
        elif left[name] != right[name]:
            told.append(f"{words} differs")
    more = len(told) - _SHOWN
    return [*told[:_SHOWN], f"{kind}s: {more} more"] if more > 0 else told


def _printable(name: str) -> str:
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")

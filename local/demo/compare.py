"""Compares two databases row by row, without ever holding more than a few rows of either.

Each server hashes and sorts its own rows, so no row leaves it and a wide one costs nothing here;
both sorted streams are then walked side by side. Equal streams mean equal rows, as many times each.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from psycopg2 import extensions

from local.demo.fault import Fault
from local.demo.relations import SEQUENCES, TABLES, VIEWS, few, names, unread
from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.naming.encoding import keep_every_byte

_AT_ONCE = 10_000
_BLOCK = 1 << 20
_SHOWN = 20
UNFILLED = " is not filled in the copy"

# The text of a value must not depend on the settings of its server, database or role.
_SETTINGS = """
    SET search_path = '';  SET TimeZone = 'UTC';  SET DateStyle = 'ISO, YMD';
    SET IntervalStyle = 'postgres';  SET bytea_output = 'hex';  SET extra_float_digits = 3;
    SET xmloption = 'content';  SET row_security = off;  SET statement_timeout = 0;
"""

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
    """What was compared, and every difference in words that hold no value of any row.

    `unread` names what could not be compared, for it may not be read; `remarks` are of what a
    restore makes anew.
    """

    tables: int
    rows: int
    large_objects: int
    differences: tuple[str, ...]
    unread: tuple[Fault, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def identical(self) -> bool:
        """Whether all was compared and nothing at all differs."""
        return not self.differences and not self.unread


def compare(source: str, copy: str) -> Comparison:
    """Compare rows of tables and materialised views, sequences and large objects.

    The databases are given as connection strings. Raises DatabaseUnreachable where there is no
    connection, psycopg2.Error when a side cannot be read.
    """
    with closing(_open(source)) as left, closing(_open(copy)) as right:
        tables, copied_tables = names(left, TABLES), names(right, TABLES)
        closed = unread(right, TABLES) | unread(left, TABLES)
        readable = {**copied_tables, **tables}
        differences = unequal(
            "table", dict.fromkeys(tables), dict.fromkeys(copied_tables), readable
        )
        compared = (tables.keys() & copied_tables.keys()) - closed.keys()
        tallies = {table: _tally(left, right, table) for table in sorted(compared)}
        differences += [
            f"table {readable[table]}: {_unlike(tally)}"
            for table, tally in tallies.items()
            if tally["source"] or tally["copy"]
        ]
        views, closed_views, remarks = _views(left, right)
        rows = sum(
            tally["both"] + tally["source"] for tally in (*tallies.values(), *views.values())
        )
        sequences, copied_sequences = names(left, SEQUENCES), names(right, SEQUENCES)
        closed_sequences = unread(right, SEQUENCES) | unread(left, SEQUENCES)
        differences += unequal(
            "sequence",
            _sequences(left, sequences, closed_sequences),
            _sequences(right, copied_sequences, closed_sequences),
            {**copied_sequences, **sequences},
        )
        objects = _large_objects(left)
        differences += unequal("large object", objects, _large_objects(right))
    faults = few([*closed.values(), *closed_views, *closed_sequences.values()])
    count = len(tallies) + len(views)
    return Comparison(count, rows, len(objects), tuple(differences), faults, remarks)


def _open(text: str) -> extensions.connection:
    connection = connect(Connection.parse(text), redactor(text))
    keep_every_byte(connection)
    # One instant for all tables, as pg_dump sees them.
    connection.set_session(isolation_level="REPEATABLE READ", readonly=True, autocommit=False)
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
    return connection


def _views(
    left: extensions.connection, right: extensions.connection
) -> tuple[dict[str, Counter[str]], Iterable[Fault], tuple[str, ...]]:
    """Compare materialised views: give those that are equal, what may not be read, the remarks.

    No backup holds their rows: a restore runs the query again, over the tables as they were backed
    up. In the source it may have been run long before, and give something else each time.
    """
    source, copy = names(left, VIEWS), names(right, VIEWS)
    closed = unread(right, VIEWS) | unread(left, VIEWS)
    equal, remarks = {}, []
    for view in sorted(source.keys() - closed.keys()):
        if view not in copy:
            remarks.append(f"materialized view {source[view]}{UNFILLED}")
            continue
        tally = _tally(left, right, view)
        if tally["source"] or tally["copy"]:
            remarks.append(
                f"materialized view {source[view]} was filled anew by the restore, and at another "
                f"time in the source, which is no difference: {_unlike(tally)}"
            )
        else:
            equal[view] = tally
    return equal, closed.values(), tuple(remarks)


def _unlike(tally: Counter[str]) -> str:
    return f"{tally['source']} rows only in the source, {tally['copy']} only in the copy"


def _tally(left: extensions.connection, right: extensions.connection, table: str) -> Counter[str]:
    """Walk two sorted streams; count what is in `both`, only in the `source`, in the `copy`."""
    ours, theirs = _hashes(left, table), _hashes(right, table)
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


def _sequences(
    connection: extensions.connection, sequences: Iterable[str], closed: Mapping[str, Fault]
) -> dict[str, object]:
    """Give the state of each sequence; one that cannot be read is only there."""
    found: dict[str, object] = {}
    with connection.cursor() as cursor:
        for sequence in sequences:
            found[sequence] = None
            if sequence not in closed:
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


def unequal(
    kind: str,
    left: Mapping[str, object],
    right: Mapping[str, object],
    read_as: Mapping[str, str] | None = None,
) -> list[str]:
    """Name what is only on one side and what differs, no more than fits a screen.

    `read_as` is what people read instead of a name.
    """
    found = []
    for name in sorted(left.keys() | right.keys()):
        words = f"{kind} {read_as[name] if read_as else printable(name)}"
        if name not in right:
            found.append(f"{words} is only in the source")
        elif name not in left:
            found.append(f"{words} is only in the copy")
        elif left[name] != right[name]:
            found.append(f"{words} differs")
    more = len(found) - _SHOWN
    return [*found[:_SHOWN], f"{kind}s: {more} more"] if more > 0 else found


def printable(name: str) -> str:
    """Give a name that may hold bytes of any encoding as it can be printed."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")

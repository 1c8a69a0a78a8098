"""Count what a restore has brought, as whoever may see it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.asking import WORKS, asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.loading.leniency import misses_a_name
from snapper.engines.postgresql.naming.encoding import keep_every_byte, readable
from snapper.engines.postgresql.naming.names import NAME, plain, quoted
from snapper.values.redaction import Redactor

_TABLES = """
    SELECT n.nspname, c.relname, rn.nspname, r.relname, EXISTS (
        SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e'
        AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass),
        c.relkind = 'm', CASE WHEN pg_catalog.pg_has_role(c.relowner, 'MEMBER')
        AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
        THEN pg_catalog.pg_get_userbyid(c.relowner) END
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_class r ON r.oid = pg_catalog.pg_partition_root(c.oid)
    LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
    WHERE c.relkind IN ('r', 'm') AND c.relispopulated
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY 1, 2
"""
_BECOME = "SELECT pg_catalog.set_config('role', %s, false)"


class Named(NamedTuple):
    """A table by its schema and its name, as the list of a backup's contents writes them."""

    schema: str
    table: str

    def __str__(self) -> str:
        """Give both."""
        return f"{self.schema}.{self.table}"


def named(path: str) -> Named:
    r"""Read a name as SQL writes it.

    >>> named('public."My Table"')
    Named(schema='public', table='My Table')
    """
    schema, table = re.findall(NAME, path.encode())
    return Named(plain(schema), plain(table))


class Table(NamedTuple):
    """A table, its rows, or None where they may not be counted, and what it is a partition of.

    What is `derived` has its rows from other tables. Those of an `extension` are not all of the
    backup's: its script brings some along.
    """

    name: Named
    rows: int | None
    whole: Named | None
    extension: bool
    derived: bool


@dataclass(frozen=True)
class Counted:
    """The tables that are there."""

    tables: tuple[Table, ...]

    @property
    def rows(self) -> int:
        """The rows of those that may be counted."""
        return sum(each.rows or 0 for each in self.tables)

    @cached_property
    def closed(self) -> tuple[str, ...]:
        """The names of the others."""
        return tuple(str(each.name) for each in self.tables if each.rows is None)


def count(connection: Connection, redact: Redactor, search_path: str = "") -> Counted:
    """Count tables and rows; what an index needs may be found in the source's `search_path` only.

    Raises RestoreFailed, against the backup, where rows cannot be read for another reason than a
    right, DatabaseUnreachable.
    """
    with asking(connection, redact, of_backup=True, patience=WORKS) as cursor:
        keep_every_byte(cursor.connection)
        # What the dump brought along, such as an operator of its own, must not be found.
        cursor.execute("SELECT pg_catalog.set_config('search_path', '', false)")
        # Policies bind owners at most where they are forced; a count is of every row, or is none.
        cursor.execute("SET row_security = off")
        cursor.execute(_TABLES)
        rows = cursor.fetchall()
        return Counted(tuple(_table(cursor, search_path, *row) for row in rows))


def _table(
    cursor: Cursor,
    search_path: str,
    schema: str,
    name: str,
    whole_schema: str | None,
    whole: str | None,
    extension: bool,
    derived: bool,
    owner: str | None,
) -> Table:
    """Count one table."""
    of = f"{quoted(schema)}.{quoted(name)}"
    query = f"SELECT pg_catalog.count(*) FROM ONLY {of}"  # noqa: S608  quoted
    rows = None
    with suppress(psycopg2.errors.InsufficientPrivilege), _being(cursor, owner):
        rows = _number(cursor, query, search_path)
    part_of = _named(cursor, whole_schema, whole) if whole_schema and whole else None
    return Table(_named(cursor, schema, name), rows, part_of, extension, derived)


def _named(cursor: Cursor, schema: str, name: str) -> Named:
    return Named(readable(schema, cursor.connection), readable(name, cursor.connection))


@contextmanager
def _being(cursor: Cursor, owner: str | None) -> Iterator[None]:
    """Be an owner whose rights this user can take, and has none of by itself."""
    if owner is None:
        yield
        return
    cursor.execute("SELECT pg_catalog.current_setting('role')")
    (own,) = cursor.fetchone()
    cursor.execute(_BECOME, [owner])
    try:
        yield
    finally:
        cursor.execute(_BECOME, [own])


def _number(cursor: Cursor, query: str, search_path: str) -> int:
    """Count; to choose a plan the server evaluates what an index is made of."""
    change = "SELECT pg_catalog.set_config('search_path', %s, false)"
    try:
        cursor.execute(query)
    except psycopg2.Error as error:
        if not misses_a_name(error):
            raise
        cursor.execute(change, [search_path])
        try:
            cursor.execute(query)
            (number,) = cursor.fetchone()
        finally:
            cursor.execute(change, [""])
    else:
        (number,) = cursor.fetchone()
    return int(number)

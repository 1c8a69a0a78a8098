"""Count what a restore has brought, as whoever may see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.asking import WORKS, asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.loading.leniency import misses_a_name
from snapper.engines.postgresql.naming.encoding import keep_every_byte, readable
from snapper.engines.postgresql.naming.names import quoted
from snapper.values.redaction import Redactor

_TABLES = """
    SELECT n.nspname, c.relname, CASE WHEN pg_catalog.pg_has_role(c.relowner, 'MEMBER')
        AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
        THEN pg_catalog.pg_get_userbyid(c.relowner) END
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND c.relispopulated
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY 1, 2
"""
_BECOME = "SELECT pg_catalog.set_config('role', %s, false)"


@dataclass(frozen=True)
class Counted:
    """The tables that are there, the rows of those that may be counted, the names of the others."""

    tables: int
    rows: int
    closed: tuple[str, ...]


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
        tables = cursor.fetchall()
        rows, closed = 0, []
        for schema, name, owner in tables:
            table = f"{quoted(schema)}.{quoted(name)}"
            query = f"SELECT count(*) FROM ONLY {table}"  # noqa: S608  quoted
            try:
                with _being(cursor, owner):
                    rows += _number(cursor, query, search_path)
            except psycopg2.errors.InsufficientPrivilege:
                closed.append(readable(f"{schema}.{name}", cursor.connection))
    return Counted(len(tables), rows, tuple(closed))


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

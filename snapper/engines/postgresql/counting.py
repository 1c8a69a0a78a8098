"""Count what a restore has brought, as whoever may see it."""

from dataclasses import dataclass

import psycopg2

from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.encoding import keep_every_byte, readable
from snapper.engines.postgresql.names import quoted
from snapper.engines.postgresql.target import asking
from snapper.values.redaction import Redactor

_TABLES = """
    SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND c.relispopulated
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Counted:
    """The tables that are there, the rows of those that may be counted, the names of the others."""

    tables: int
    rows: int
    closed: tuple[str, ...]


def count(connection: Connection, redact: Redactor) -> Counted:
    """Count tables and rows.

    Raises RestoreFailed, against the backup, where rows cannot be read for another reason than a
    right, DatabaseUnreachable.
    """
    with asking(connection, redact, of_backup=True) as cursor:
        keep_every_byte(cursor.connection)
        # What the dump brought along, such as an operator of its own, must not be found.
        cursor.execute("SELECT pg_catalog.set_config('search_path', '', false)")
        # Policies bind owners at most where they are forced; a count is of every row, or is none.
        cursor.execute("SET row_security = off")
        cursor.execute(_TABLES)
        tables = cursor.fetchall()
        rows, closed = 0, []
        for schema, name in tables:
            table = f"{quoted(schema)}.{quoted(name)}"
            try:
                cursor.execute(f"SELECT count(*) FROM ONLY {table}")  # noqa: S608  quoted
            except psycopg2.errors.InsufficientPrivilege:
                closed.append(readable(f"{schema}.{name}", cursor.connection))
            else:
                rows += cursor.fetchone()[0]
    return Counted(len(tables), rows, tuple(closed))

"""Which tables and sequences of a database are compared, and which of them a role may not read."""

from collections.abc import Iterable

from psycopg2 import extensions

from local.demo.fault import Fault
from snapper.engines.postgresql.naming.encoding import readable
from snapper.engines.postgresql.naming.names import quoted

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
TABLES = f"{_OURS} AND c.relkind = 'r'"
"""Tables, as the end of a query."""

VIEWS = f"{_OURS} AND c.relkind = 'm' AND c.relispopulated"
"""Materialised views that are filled, as the end of a query."""

SEQUENCES = f"{_OURS} AND c.relkind = 'S'"
"""Sequences, as the end of a query."""

# The right to each single column is as good as the right to the table.
_LACKS = """
    SELECT n.nspname, c.relname, c.relkind, CASE
        WHEN NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE') THEN 'USAGE'
        WHEN NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') AND (
            c.relkind = 'S' OR EXISTS (
                SELECT FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'))
        ) THEN 'SELECT'
        WHEN pg_catalog.row_security_active(c.oid) THEN 'BYPASSRLS'
        WHEN c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery() THEN 'UNLOGGED'
    END
"""
_KINDS = {"r": "table", "m": "materialized view", "S": "sequence"}
_SHOWN = 10


def names(connection: extensions.connection, relations: str) -> dict[str, str]:
    """Give the `relations`: their names as SQL takes them, and for people.

    Two of the latter may be the same: `a.b`.`c` and `a`.`b.c`, a byte and how it is written.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT n.nspname, c.relname {relations}")
        return {_sql(*name): readable(".".join(name), connection) for name in cursor.fetchall()}


def unread(connection: extensions.connection, relations: str) -> dict[str, Fault]:
    """Give those of the `relations` that this session may not read, each with what is missing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (role,) = cursor.fetchone()
        cursor.execute(f"{_LACKS} {relations}")
        return {
            _sql(schema, name): Fault(
                readable(f"{_KINDS[kind]} {schema}.{name} was not compared: {why}", connection),
                readable(fix, connection),
            )
            for schema, name, kind, lack in cursor.fetchall()
            if lack
            for why, fix in [_words(lack, schema, name, role)]
        }


def few(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Give no more of them than fit a screen."""
    faults = tuple(faults)
    more = len(faults) - _SHOWN
    return (*faults[:_SHOWN], Fault(f"{more} more were not compared")) if more > 0 else faults


def _words(lack: str, schema: str, name: str, role: str) -> tuple[str, str]:
    """Say what is missing, and what would give it."""
    return {
        "USAGE": (
            f"the role {role} has no USAGE right on its schema",
            f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {quoted(role)}",
        ),
        "SELECT": (
            f"the role {role} has no SELECT right on it",
            f"GRANT SELECT ON {_sql(schema, name)} TO {quoted(role)}",
        ),
        "BYPASSRLS": (
            f"row-level security may hide rows of it from the role {role}",
            f"ALTER ROLE {quoted(role)} BYPASSRLS",
        ),
        "UNLOGGED": ("it is unlogged, and a standby has no rows of it", ""),
    }[lack]


def _sql(*name: str) -> str:
    return ".".join(map(quoted, name))

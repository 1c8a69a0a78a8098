"""What the backup's role may not read: each of these would make pg_dump fail, or hide rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg2

from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.session import connect
from snapper.errors import DatabaseUnreachable
from snapper.values.redaction import Redactor

# Schemas that pg_dump passes over, and relations that belong to extensions.
_OURS = """
    n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
"""

_UNREADABLE = f"""
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'S') AND {_OURS}
    AND NOT (
        has_schema_privilege(n.oid, 'USAGE')
        AND CASE c.relkind
            WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
            ELSE has_table_privilege(c.oid, 'SELECT')
        END
    )
    ORDER BY 1, 2
"""  # noqa: S608  constants only

_HIDDEN_ROWS = f"""
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND {_OURS} AND row_security_active(c.oid)
    ORDER BY 1, 2
"""  # noqa: S608  constants only

_LARGE_OBJECTS = """
    SELECT count(*), count(*) FILTER (
        WHERE NOT pg_has_role(lomowner, 'USAGE')
        AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
        AND NOT EXISTS (
            SELECT FROM aclexplode(lomacl) a
            WHERE a.privilege_type = 'SELECT'
            AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE'))
        )
    )
    FROM pg_largeobject_metadata
"""

# pg_dump asks for a superuser, whatever rights there are.
_SUBSCRIPTIONS = """
    SELECT count(*) FROM pg_subscription
    WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
"""
_SINCE = 100_000
"""The first version that has subscriptions."""


@dataclass(frozen=True)
class Privileges:
    """Names of relations as `schema.name`, and counts of large objects and of subscriptions."""

    unreadable: tuple[str, ...]
    hidden_rows: tuple[str, ...]
    large_objects: int
    unreadable_large_objects: int
    hidden_subscriptions: int = 0


def privileges(connection: Connection, redact: Redactor) -> Privileges:
    """Ask the server what the connection's role may not read; raises as `inspect` does."""
    link = connect(connection, redact)
    try:
        with link.cursor() as cursor:
            unreadable = tuple(_names(cursor, _UNREADABLE))
            hidden = tuple(_names(cursor, _HIDDEN_ROWS))
            cursor.execute(_LARGE_OBJECTS)
            objects, unreadable_objects = cursor.fetchone()
            subscriptions = 0
            if link.server_version >= _SINCE:
                cursor.execute(_SUBSCRIPTIONS)
                (subscriptions,) = cursor.fetchone()
    except psycopg2.Error as error:
        raise DatabaseUnreachable(
            f"{connection.place} broke off: {redact(str(error)).strip()}"
        ) from None
    finally:
        link.close()
    return Privileges(unreadable, hidden, objects, unreadable_objects, subscriptions)


def _names(cursor: psycopg2.extensions.cursor, query: str) -> Iterator[str]:
    cursor.execute(query)
    for schema, name in cursor.fetchall():
        yield f"{schema}.{name}"

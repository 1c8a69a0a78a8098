"""What the backup's role may not read: each of these would make pg_dump fail, or hide rows."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg2

from snapper.engines.postgresql.connecting.server_words import words_of
from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.omitting.exclusion import Exclusion, exclusion
from snapper.engines.postgresql.omitting.left_out import MEMBER, OURS, SETTINGS_TABLE, SUPERUSER
from snapper.errors import DatabaseUnreachable
from snapper.values.options import UNSET, Options
from snapper.values.redaction import Redactor

# Without the schemas that pg_dump passes over, and what it leaves to extensions: of their relations
# it reads those that hold settings, and of those no partitioned one.
_OURS = f"{OURS} AND (NOT {MEMBER} OR {SETTINGS_TABLE} AND c.relkind <> 'p')"

# Nor what the options leave out, which an identity's sequence goes with.
_CHOSEN = """
    c.oid <> ALL (%(gone)s::oid[]) AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND d.deptype = 'i' AND d.refobjid = ANY (%(gone)s::oid[])
    )
"""

_BY_NUMBER = 180_000
"""Since this version pg_dump asks for a sequence by its number, for which its schema is no wall."""

_UNREADABLE = f"""
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'S') AND {_OURS} AND {_CHOSEN}
    AND NOT (
        (
            has_schema_privilege(n.oid, 'USAGE')
            OR c.relkind = 'S' AND current_setting('server_version_num')::int >= {_BY_NUMBER}
        )
        AND CASE c.relkind
            WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
            ELSE has_table_privilege(c.oid, 'SELECT')
        END
    )
    ORDER BY 1, 2
"""  # noqa: S608  constants only

# A partitioned table has no rows of its own: its partitions are read, with their own policies.
_HIDDEN_ROWS = f"""
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND {_OURS} AND {_CHOSEN} AND c.oid <> ALL (%(emptied)s::oid[])
    AND row_security_active(c.oid)
    ORDER BY 1, 2
"""  # noqa: S608  constants only

_LARGE_OBJECTS = f"""
    SELECT count(*), count(*) FILTER (
        WHERE NOT current_setting('lo_compat_privileges')::bool
        AND NOT pg_has_role(lomowner, 'USAGE')
        AND NOT {SUPERUSER}
        AND NOT EXISTS (
            SELECT FROM aclexplode(lomacl) a
            WHERE a.privilege_type = 'SELECT'
            AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE'))
        )
    ), pg_relation_size('pg_largeobject')
    FROM pg_largeobject_metadata
"""  # noqa: S608  constants only

_LOCKS = f"""
    SELECT count(*), current_setting('max_locks_per_transaction')::bigint * (
        current_setting('max_connections')::bigint
        + current_setting('max_prepared_transactions')::bigint
    )
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND {OURS} AND NOT {MEMBER} AND {_CHOSEN}
"""  # noqa: S608  constants only

_BLOCK = 16384
"""Bytes of a large object that pg_dump reads at once."""
_CALLS = 4
"""To open a large object, read it, read its end and close it."""


@dataclass(frozen=True)
class Privileges:
    """Names of relations as `schema.name`, counts of large objects, and how long they take.

    `large_object_seconds` is what pg_dump waits for answers alone, from where we ask. It locks
    `locked` tables at once, and the server has room for `lockable` at least, if nobody else locks.
    """

    unreadable: tuple[str, ...]
    hidden_rows: tuple[str, ...]
    large_objects: int
    unreadable_large_objects: int
    large_object_seconds: float = 0.0
    locked: int = 0
    lockable: int = 1


def privileges(connection: Connection, redact: Redactor, options: Options = UNSET) -> Privileges:
    """Ask what the connection's role may not read of what is dumped; raises as `inspect` does."""
    link = connect(connection, redact)
    try:
        with link.cursor() as cursor:
            encoding = link.info.parameter_status("server_encoding") or "UTF8"
            chosen = exclusion(cursor, options, encoding)
            unreadable = tuple(_names(cursor, _UNREADABLE, chosen))
            hidden = tuple(_names(cursor, _HIDDEN_ROWS, chosen))
            cursor.execute(_LARGE_OBJECTS)
            objects, unreadable_objects, size = cursor.fetchone()
            waits = _CALLS * objects + size // _BLOCK if objects else 0
            seconds = waits * _round_trip(cursor) if waits else 0.0
            cursor.execute(_LOCKS, _numbers(chosen))
            locked, lockable = cursor.fetchone()
    except psycopg2.Error as error:
        raise DatabaseUnreachable(
            f"{connection.place} broke off: {redact(words_of(error))}"
        ) from None
    finally:
        link.close()
    return Privileges(unreadable, hidden, objects, unreadable_objects, seconds, locked, lockable)


def _round_trip(cursor: psycopg2.extensions.cursor) -> float:
    """Measure how many seconds an answer is on its way, at best; not on its way between threads."""
    best: float = cursor.connection.apart(lambda: min(_time(cursor) for _ in range(5)))
    return best


def _time(cursor: psycopg2.extensions.cursor) -> float:
    began = time.perf_counter()
    psycopg2.extensions.cursor.execute(cursor, "SELECT 1")
    return time.perf_counter() - began


def _numbers(chosen: Exclusion) -> dict[str, list[int]]:
    return {"gone": list(chosen.gone), "emptied": list(chosen.emptied)}


def _names(cursor: psycopg2.extensions.cursor, query: str, chosen: Exclusion) -> Iterator[str]:
    cursor.execute(query, _numbers(chosen))
    for schema, name in cursor.fetchall():
        yield f"{schema}.{name}"

"""Drop a database that a restore has made, whatever the dump has put into it."""

from contextlib import suppress

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.naming.encoding import keep_every_byte
from snapper.engines.postgresql.naming.names import database_name, quoted
from snapper.errors import RestoreFailed, SnapperError
from snapper.values.redaction import Redactor

_FORCES = 130_000
"""The first version that ends the sessions in a database when it is dropped."""

_IS_TEMPLATE = "SELECT datistemplate FROM pg_catalog.pg_database WHERE datname = %s"

_SUBSCRIBES = """
    SELECT EXISTS (SELECT FROM pg_catalog.pg_subscription s
        JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = %s)
"""
_SUBSCRIPTIONS = """
    SELECT subname FROM pg_catalog.pg_subscription WHERE subdbid =
        (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
"""

# Without its slot's name a subscription is dropped here alone: the slot is production's.
_DETACH = ("ALTER SUBSCRIPTION {} DISABLE", "ALTER SUBSCRIPTION {} SET (slot_name = NONE)")


def drop_database(database: Connection, via: Connection, redact: Redactor) -> None:
    """Drop the database from another one, and whatever keeps it: sessions, subscriptions.

    Nobody else is talked to: a subscription is parted from its publisher before it is dropped.
    Raises RestoreFailed, DatabaseUnreachable.
    """
    name = database_name(database)
    with asking(via, redact) as cursor:
        cursor.execute(_SUBSCRIBES, [name])
        if cursor.fetchone()[0]:
            _forget_subscriptions(database, redact)
        cursor.execute(_IS_TEMPLATE, [name])
        if (found := cursor.fetchone()) and found[0]:
            cursor.execute(f"ALTER DATABASE {quoted(name)} IS_TEMPLATE false")
        # FORCE ends no session of a role that this user may not end: it fails for the first one.
        end_sessions(cursor, name)
        force = " WITH (FORCE)" if cursor.connection.server_version >= _FORCES else ""
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)}{force}")


def end_sessions(cursor: Cursor, database: str) -> None:
    """End those sessions in the database that this user may end."""
    cursor.execute("SELECT pid FROM pg_catalog.pg_stat_activity WHERE datname = %s", [database])
    for pid in cursor.fetchall():
        with suppress(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT pg_catalog.pg_terminate_backend(%s)", pid)


def _forget_subscriptions(database: Connection, redact: Redactor) -> None:
    try:
        with asking(database, redact) as cursor:
            keep_every_byte(cursor.connection)
            # Event triggers of the dump's own have no say in this.
            with suppress(psycopg2.errors.InsufficientPrivilege):
                cursor.execute("SET session_replication_role = replica")
            cursor.execute(_SUBSCRIPTIONS)
            for (name,) in cursor.fetchall():
                for statement in (*_DETACH, "DROP SUBSCRIPTION {}"):
                    cursor.execute(statement.format(quoted(name)))
    except SnapperError as error:
        raise RestoreFailed(
            f"{database_name(database)} holds subscriptions that could not be taken out: {error}",
            hint="before you drop one by hand: ALTER SUBSCRIPTION … DISABLE, then SET (slot_name ="
            " NONE), else DROP SUBSCRIPTION drops the slot of its publisher",
        ) from None

"""A database that is made under another name, and gets its own when it is whole."""

import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.names import MAINTENANCE, database_name, quoted
from snapper.engines.postgresql.property_sql import C_LOCALE, create_database
from snapper.engines.postgresql.read_properties import Tell, set_properties
from snapper.engines.postgresql.recorded import Recorded
from snapper.engines.postgresql.target import UNFINISHED, asking
from snapper.errors import RestoreFailed, SnapperError
from snapper.values.redaction import Redactor

LONGEST_USE = 60.0
"""Seconds for which a database is waited for that somebody else is connected to."""

# A locale that is unknown, or does not go with the encoding, or for which a release has no words.
_LOCALE_REFUSED = (
    psycopg2.errors.InvalidParameterValue,
    psycopg2.errors.WrongObjectType,
    psycopg2.errors.InvalidObjectDefinition,
    psycopg2.errors.FeatureNotSupported,
    psycopg2.errors.SyntaxError,
)


@contextmanager
def draft(
    connection: Connection,
    backup: Recorded,
    redact: Redactor,
    tell: Tell,
    patience: float = LONGEST_USE,
) -> Iterator[Connection]:
    """Make the connection's database in two steps: under another name, then by its own.

    The block is given the connection to the unfinished one. When the block has ended well, what
    was set on the backup's database is set on it, `tell` is given what could not be, and it gets
    its name. It is dropped if the block fails; an error on which it could not be dropped has a note
    that names it. It is kept if only its name cannot be given within `patience` seconds. Raises
    RestoreFailed if the server refuses, DatabaseUnreachable.
    """
    unfinished = connection.replace(dbname=f"{UNFINISHED}{secrets.token_hex(4)}")
    name = database_name(unfinished)
    try:
        with _maintenance(connection, redact) as cursor:
            _create(cursor, name, backup, tell)
        yield unfinished
        if backup.properties:
            with _maintenance(connection, redact) as cursor:
                set_properties(cursor, name, backup.properties, tell)
    except BaseException as error:
        try:
            _drop(unfinished, redact)
        except SnapperError:
            error.add_note(
                f"on {connection.place} an unfinished database may be left, named {name}: drop it"
            )
        raise
    _rename(unfinished, connection, redact, patience)


def _maintenance(connection: Connection, redact: Redactor) -> AbstractContextManager[Cursor]:
    """Open a session in the database that every server has."""
    return asking(connection.replace(dbname=MAINTENANCE), redact)


def _create(cursor: Cursor, name: str, backup: Recorded, tell: Tell) -> None:
    """Make the database, empty: with the backup's locale, else with the server's own, else with C.

    The last one goes with every encoding.
    """
    wanted = backup.properties.locale if backup.properties else None
    major = cursor.connection.server_version // 10_000
    choices = [wanted, None, C_LOCALE] if wanted else [None, C_LOCALE]
    for locale in choices:
        try:
            cursor.execute(create_database(name, backup.encoding, locale, major))
        except _LOCALE_REFUSED:
            if locale is C_LOCALE:
                raise
        else:
            break
    if wanted and locale != wanted:
        tell(
            f"the target cannot have the locale {wanted}: the database has"
            f" {locale or 'that of its server'}, and may sort texts in another order"
        )


def _rename(
    unfinished: Connection, connection: Connection, redact: Redactor, patience: float
) -> None:
    """Give the whole database its name, or say how to: it is not thrown away any more."""
    name = database_name(unfinished)
    command = f"ALTER DATABASE {quoted(name)} RENAME TO {quoted(database_name(connection))}"
    whole = f"on {connection.place} the database is there, whole, but named {name}"
    deadline = time.monotonic() + patience
    try:
        with _maintenance(connection, redact) as cursor:
            while True:
                _end_sessions(cursor, name)
                # The server itself waits some seconds for the sessions to end.
                with suppress(psycopg2.errors.ObjectInUse):
                    cursor.execute(command)
                    return
                if time.monotonic() > deadline:
                    break
    except SnapperError as error:
        raise RestoreFailed(f"{whole}: {error}", hint=f"give it its name: {command}") from None
    except BaseException as error:
        error.add_note(f"{whole}: give it its name: {command}")
        raise
    raise RestoreFailed(
        f"{whole}: somebody is connected to it whose session could not be ended",
        hint=f"when nobody is connected to it any more, give it its name: {command}",
    )


def _drop(unfinished: Connection, redact: Redactor) -> None:
    """Drop the database, and first end the session of a psql that has just been stopped."""
    name = database_name(unfinished)
    with _maintenance(unfinished, redact) as cursor:
        _end_sessions(cursor, name)
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")


def _end_sessions(cursor: Cursor, name: str) -> None:
    """End those sessions in the database that this user may end."""
    cursor.execute("SELECT pid FROM pg_catalog.pg_stat_activity WHERE datname = %s", [name])
    for pid in cursor.fetchall():
        with suppress(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT pg_catalog.pg_terminate_backend(%s)", pid)

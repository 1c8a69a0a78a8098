"""A database that is made under another name, and gets its own when it is whole."""

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.asking import WORKS, asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.properties import Locale
from snapper.engines.postgresql.inspecting.property_sql import (
    C_LOCALE,
    UNICODE,
    create_database,
)
from snapper.engines.postgresql.inspecting.read_properties import Tell, set_properties
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.naming.names import database_name, quoted
from snapper.engines.postgresql.target import final_name
from snapper.engines.postgresql.target.admission import admitted
from snapper.engines.postgresql.target.content import UNFINISHED
from snapper.engines.postgresql.target.dropping import drop_database, end_sessions
from snapper.engines.postgresql.target.maintenance import maintenance
from snapper.engines.postgresql.target.public_schema import give_back
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


@dataclass(frozen=True)
class Making:
    """How a database is made.

    From the database `via`, where one is known to let us in. `named` by its own name from the
    start, for servers that admit no other. `bare`, with the backup's encoding and locale, and
    nothing else of what was set on the backup's database; nobody else is ever let in. `kept`
    whatever becomes of it: it goes with its server, and nobody enters it any more who could run
    what the dump has left there.
    """

    via: Connection | None = None
    named: bool = False
    bare: bool = False
    kept: bool = False


AS_EVER = Making()


@contextmanager
def draft(
    connection: Connection,
    backup: Recorded,
    redact: Redactor,
    tell: Tell,
    patience: float = LONGEST_USE,
    making: Making = AS_EVER,
) -> Iterator[Connection]:
    """Make the connection's database in two steps: under another name, then by its own.

    The block is given the connection to the unfinished one. When the block has ended well, what
    was set on the backup's database is set on it, `tell` is given what could not be, and it gets
    its name. It is dropped if the block fails; an error on which it could not be dropped has a note
    that names it. It is kept if only its name cannot be given within `patience` seconds. Raises
    RestoreFailed if the server refuses, NotAdmitted, DatabaseUnreachable.
    """
    via = making.via or maintenance(connection, redact)
    own = f"{UNFINISHED}{secrets.token_hex(4)}"
    unfinished = connection if making.named else connection.replace(dbname=own)
    name = database_name(unfinished)
    guard = nullcontext() if making.kept else _dropped_if_it_fails(unfinished, via, redact)
    with ExitStack() as stack:
        if not making.named:
            stack.enter_context(guard)
        with asking(via, redact, patience=WORKS) as cursor:
            moved = _create(cursor, name, backup, kept=making.kept)
        if moved:
            tell(f"{moved}, and may sort texts in another order")
        if making.named:
            # Not before: the one that keeps it from being made is somebody else's.
            stack.enter_context(guard)
        final_name.keep_others_out(name, via, redact, named=making.named)
        with admitted(unfinished, redact, named=making.named) as cursor:
            give_back(cursor, backup, tell)
        with _blamed_on(moved):
            yield unfinished
        if not making.bare:
            final_name.let_others_in(name, backup.properties, via, redact, named=making.named)
        if backup.properties and not making.bare:
            with asking(via, redact) as cursor:
                set_properties(cursor, name, backup.properties, tell)
    if not making.named:
        rename(unfinished, connection, via, redact, patience)


@contextmanager
def _dropped_if_it_fails(
    unfinished: Connection, via: Connection, redact: Redactor
) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        try:
            drop_database(unfinished, via, redact)
        except SnapperError as kept:
            name = database_name(unfinished)
            where = f"on {via.place} an unfinished database may be left, named {name}: drop it"
            error.add_note(f"{where}; {kept.hint}" if kept.hint else where)
        raise


def _create(cursor: Cursor, name: str, backup: Recorded, *, kept: bool) -> str:
    """Make the database, empty: with the backup's locale, else with what is next to it.

    That is the locale that its C library had, on a server that is `kept` Unicode's, then the
    server's own, then C, which goes with every encoding. Gives a sentence where it is not the
    backup's.
    """
    wanted = backup.locale
    major = cursor.connection.server_version // 10_000
    choices = [*_alike(wanted, kept=kept), None, C_LOCALE] if wanted else [None, C_LOCALE]
    for locale in choices:
        try:
            cursor.execute(create_database(name, backup.encoding, locale, major))
        except _LOCALE_REFUSED:
            if locale is C_LOCALE:
                raise
        else:
            break
    if not wanted or locale == wanted:
        return ""
    has = locale or "that of its server"
    return f"the target cannot have the locale {wanted}: the database has {has}"


def _alike(wanted: Locale, *, kept: bool) -> Iterator[Locale]:
    yield wanted
    if wanted.provider != "libc":
        yield Locale("libc", wanted.collate, wanted.ctype, "", "")
    # A server of our own has no locale but C, in which letters are those of ASCII alone.
    if kept and (wanted.collate, wanted.ctype) != (C_LOCALE.collate, C_LOCALE.ctype):
        yield UNICODE


@contextmanager
def _blamed_on(locale: str) -> Iterator[None]:
    """Say of a failure in another locale than the backup's that it may be for that."""
    try:
        yield
    except RestoreFailed as failed:
        if locale:
            failed.args = (f"{failed} ({locale})",)
            failed.against_backup &= failed.everywhere
        raise


def rename(
    unfinished: Connection,
    connection: Connection,
    via: Connection,
    redact: Redactor,
    patience: float = LONGEST_USE,
) -> None:
    """Give the whole database its name, or say how to: it is not thrown away any more."""
    name = database_name(unfinished)
    command = f"ALTER DATABASE {quoted(name)} RENAME TO {quoted(database_name(connection))}"
    whole = f"on {connection.place} the database is there, whole, but named {name}"
    deadline = time.monotonic() + patience
    try:
        with asking(via, redact) as cursor:
            while True:
                end_sessions(cursor, name)
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

"""A backup restored on its own, without its source: counted, and removed again."""

import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from psycopg2.extensions import make_dsn

from snapper.engines.postgresql import libpq
from snapper.engines.postgresql.client_tools import ClientTools
from snapper.engines.postgresql.confined import reader, restore_confined
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.encoding import keep_every_byte
from snapper.engines.postgresql.installed import Programs, choices, first_with_all
from snapper.engines.postgresql.lacking import lacking_told
from snapper.engines.postgresql.names import MAINTENANCE, quoted
from snapper.engines.postgresql.own_server import require_server
from snapper.engines.postgresql.recorded import Recorded, major_of
from snapper.engines.postgresql.redaction import redactor
from snapper.engines.postgresql.rehearse import make_roles, rehearse
from snapper.engines.postgresql.restore import restore_as_new
from snapper.engines.postgresql.server import inspect
from snapper.engines.postgresql.target import UNFINISHED, asking
from snapper.engines.postgresql.throw_away import PostgresServer
from snapper.errors import RestoreFailed, SnapperError
from snapper.machine.run_directory import run_directory
from snapper.values.manifest import Manifest
from snapper.values.redaction import Redactor
from snapper.values.verification import Restored

_FORCES = 130_000
"""The first version that ends the sessions in a database when it is dropped."""

_TABLES = """
    SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND c.relispopulated
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY 1, 2
"""


def try_restore(
    dump: Iterable[bytes], manifest: Manifest, tools: ClientTools, server: str = ""
) -> Restored:
    """Restore a dump, count what is there, remove it all.

    On the server of this connection; without one on an empty server of the backup's own major that
    is started for it. Where that lacks something, one that is installed on the machine is tried, if
    the dump can be read again. Raises what `restore` raises, and SnapperError if none starts.
    """
    if server:
        require_server(Connection.parse(server), redactor(server))
        with lacking_told(here=False):
            return _try(server, dump, manifest, tools)
    programs = choices(tools.major_for(major_of(manifest)), tools.majors())
    # An iterator can be read only once, a backup again.
    readings = 1 if iter(dump) is dump else len(programs)
    return first_with_all(programs[:readings], partial(_try_here, dump, manifest, tools))


def _try_here(
    dump: Iterable[bytes], manifest: Manifest, tools: ClientTools, programs: Programs
) -> Restored:
    with (
        _nothing_left(),
        libpq.told_nothing(),
        run_directory() as directory,
        PostgresServer.confining(
            programs.major, Path(directory, "trial"), programs.tree
        ) as throw_away,
        lacking_told(),
    ):
        return _try(throw_away.dsn(), dump, manifest, tools, confined=True)


def _try(
    server: str,
    dump: Iterable[bytes],
    manifest: Manifest,
    tools: ClientTools,
    *,
    confined: bool = False,
) -> Restored:
    began = time.monotonic()
    # If we are killed, its name says to everybody that it may go.
    name = f"{UNFINISHED}{secrets.token_hex(4)}"
    connection, redact = Connection.parse(server).replace(dbname=name), redactor(server)
    target = make_dsn(server, dbname=name)
    rehearsal = rehearse(target, manifest, tools, may_create=True)
    asked = connection.replace(dbname=MAINTENANCE)
    alike = inspect(asked, redact).major == tools.major_for(major_of(manifest))
    make_roles(target, rehearsal)
    # Such as a time-out or a limit of connections: they would be in the way of the count.
    unset = replace(Recorded.of(manifest), properties=None)
    with _blamed(alike), _dropped(connection, name, rehearsal.missing_roles, redact):
        if confined:
            fill = partial(restore_confined, forged=True)
            restore_as_new(dump, unset, target, tools, fill)
        else:
            restore_as_new(dump, unset, target, tools)
        seconds = round(time.monotonic() - began, 3)
        with reader(connection, redact) if confined else nullcontext(connection) as reading:
            tables, rows = _count(reading, redact)
    return Restored(tables, rows, seconds)


@contextmanager
def _nothing_left() -> Iterator[None]:
    """Drop the notes on what may be left on a server that is gone itself."""
    try:
        yield
    except SnapperError as error:
        error.__dict__.pop("__notes__", None)
        raise


@contextmanager
def _blamed(alike: bool) -> Iterator[None]:
    """Hold what an older or a newer major refuses not against the backup: its own may take it."""
    try:
        yield
    except RestoreFailed as failed:
        failed.against_backup &= alike
        raise


def _count(connection: Connection, redact: Redactor) -> tuple[int, int]:
    with asking(connection, redact, of_backup=True) as cursor:
        keep_every_byte(cursor.connection)
        # What the dump brought along, such as an operator of its own, must not be found.
        cursor.execute("SELECT pg_catalog.set_config('search_path', '', false)")
        # Policies bind owners at most where they are forced; the count is to see every row.
        cursor.execute("SET row_security = off")
        cursor.execute(_TABLES)
        tables = cursor.fetchall()
        rows = 0
        for schema, name in tables:
            table = f"{quoted(schema)}.{quoted(name)}"
            cursor.execute(f"SELECT count(*) FROM ONLY {table}")  # noqa: S608  quoted
            rows += cursor.fetchone()[0]
    return len(tables), rows


@contextmanager
def _dropped(
    connection: Connection, name: str, roles: tuple[str, ...], redact: Redactor
) -> Iterator[None]:
    """Drop database and roles at the end; where that fails, the error has a note that says so."""
    left = ", ".join([f"the database {name}", *(f"the role {role}" for role in roles)])
    note = f"what was made for it may be left, to be dropped by you: {left}"
    try:
        yield
    except BaseException as error:
        try:
            _drop(connection, name, roles, redact)
        except SnapperError:
            error.add_note(note)
        raise
    try:
        _drop(connection, name, roles, redact)
    except SnapperError as error:
        error.add_note(note)
        raise


def _drop(connection: Connection, name: str, roles: tuple[str, ...], redact: Redactor) -> None:
    with asking(connection.replace(dbname=MAINTENANCE), redact) as cursor:
        # Somebody who watches every database may be in this one too.
        force = " WITH (FORCE)" if cursor.connection.server_version >= _FORCES else ""
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)}{force}")
        for role in roles:
            cursor.execute(f"DROP ROLE IF EXISTS {quoted(role)}")

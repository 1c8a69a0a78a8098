"""The session that holds the snapshot that several pg_dumps share.

It is open as long as the dump, and idle: no time-out of the server's is to end it. If something
else does, the dump is not taken for whole, though the others may have gone on.
"""

import os
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.interruptible import Session
from snapper.engines.postgresql.connecting.server_words import words_of
from snapper.engines.postgresql.connecting.session import answering, connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.hosts import Host
from snapper.engines.postgresql.dumping.listed import Content, content
from snapper.engines.postgresql.naming.encoding import NO_ENCODING
from snapper.engines.postgresql.naming.names import quoted
from snapper.errors import DumpFailed
from snapper.values.redaction import Redactor

_LOCK_WAIT = "60s"
"""How long it waits for a table whose size it asks for: as long as pg_dump does for each."""

_EXPORT = "SELECT pg_export_snapshot()"

# Where there is no limit, none is reached. A superuser is held to none.
_ROOM = """
    SELECT least(
        CASE WHEN r.rolconnlimit < 0 OR r.rolsuper THEN 1000000 ELSE r.rolconnlimit - (
            SELECT count(*) FROM pg_stat_activity WHERE usename = session_user) END,
        CASE WHEN d.datconnlimit < 0 OR r.rolsuper THEN 1000000 ELSE d.datconnlimit - (
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) END,
        current_setting('max_connections')::int - (
            SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL) - (
            SELECT sum(setting::int) FROM pg_settings
            WHERE name IN ('superuser_reserved_connections', 'reserved_connections'))
    )
    FROM pg_roles r, pg_database d
    WHERE r.rolname = session_user AND d.datname = current_database()
"""


class CannotShare(Exception):
    """No snapshot can be shared here; why, in the server's words."""


class Holder:
    """One session; `close` ends it, and with it the snapshot.

    What asks the server raises CannotShare where that refuses something, and DatabaseUnreachable.
    """

    def __init__(self, connection: Connection, redact: Redactor, patience: float) -> None:
        """Connect; raises as `connect` does."""
        self._connection = connection
        self._redact = redact
        self._patience = patience
        self._link: Session = connect(connection, redact, patience)
        self._line = socket.socket(fileno=os.dup(self._link.fileno()))
        self._news = select.poll()
        self._news.register(self._line, select.POLLIN)

    def is_direct(self) -> bool:
        """Tell whether the server itself answers: a pooler gives out numbers of its own."""
        with self._asking() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return bool(cursor.fetchone()[0] == self._link.info.backend_pid)

    def room(self) -> int:
        """Give how many more connections the server takes from this login."""
        with self._asking() as cursor:
            cursor.execute(_ROOM)
            return int(cursor.fetchone()[0])

    def hold(self, role: str, arguments: tuple[str, ...]) -> Content:
        """Begin the transaction of the snapshot, as this role, and list what a dump has of it."""
        with self._asking() as cursor:
            if role:
                cursor.execute(f"SET ROLE {quoted(role)}")
            # Names come as the bytes that they are.
            self._link.set_client_encoding(NO_ENCODING)
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'")
            return content(cursor, arguments)

    def export(self) -> str:
        """Give the name by which other sessions take over the snapshot."""
        with self._asking() as cursor:
            cursor.execute(_EXPORT)
            return str(cursor.fetchone()[0])

    def at_the_same_server(self, connection: Connection) -> Connection:
        """Give a connection that leads to the very address at which this session's server is."""
        there = Host(self._link.info.host, port=self._link.info.port)
        found = {"host": there.name, "port": str(there.port)}
        if self._line.family == socket.AF_UNIX:
            return connection.replace(**found)
        return connection.replace(**found, hostaddr=self._line.getpeername()[0])

    def look(self) -> None:
        """Raise DumpFailed if the session is over. While it is not, nothing comes of itself."""
        if not self._news.poll(0):
            return
        heard = len(self._link.notices)
        try:
            # Read first: behind a question, the server's last words would be lost.
            self._link.poll()
            with self._link.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.Error as error:
            # What the server has said while nothing was asked, it says itself: no function did.
            last = self._link.notices[heard:]
            said = last[0].partition(":")[2].strip().split("\n")[0] if last else words_of(error)
            raise DumpFailed(
                f"the session that holds the snapshot of the dump was ended: {self._redact(said)}",
                hint="somebody, or the server, has ended it: the server's log says why; "
                "the job is tried again",
            ) from None

    def leave(self) -> None:
        """Let nobody wait for the server any more, from another thread."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the session."""
        self._line.close()
        self._link.close()

    @contextmanager
    def _asking(self) -> Iterator[Cursor]:
        """Ask the server, and raise as it is said of the class."""
        answered = answering(self._link, self._connection, self._redact, self._patience)
        with answered, self._link.cursor() as cursor:
            try:
                yield cursor
            except psycopg2.Error as error:
                if self._link.closed:
                    raise
                raise CannotShare(self._redact(words_of(error))) from None

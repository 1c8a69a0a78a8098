"""Why nothing comes from pg_dump: its server is asked, in a second session.

Reading the catalogue of many tables, far away, takes long, and pg_dump says nothing meanwhile. As
long as its session works, that is no reason to stop it.
"""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.checked_dump import Silence
from snapper.engines.postgresql.connecting.session import answering, connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.values.redaction import Redactor

_LOOKS = 4
_PAUSE = 0.2
"""Seconds after a look: who works may wait just when it is looked at."""

_PATIENCE = 60.0
"""Seconds that the server may take for these answers."""

_CALL_ITSELF = "SELECT pg_catalog.set_config('application_name', %s, false)"

# By whatever name a pooler has given to us, pg_dump has it too.
_SESSIONS = """
    SELECT a.pid, a.state = 'active', {waits},
        date_part('epoch', clock_timestamp() - coalesce({since}, a.state_change))
    FROM pg_catalog.pg_stat_activity a
    WHERE a.pid <> pg_backend_pid() AND a.datname = current_database()
    AND a.usename = session_user AND a.state IS NOT NULL
    AND a.application_name = current_setting('application_name')
"""
_WAITED_SINCE = "(SELECT min(l.waitstart) FROM pg_catalog.pg_locks l WHERE l.pid = a.pid)"
_COLUMNS = (  # from which version on: what it waits for, since when it waits for a lock
    (140_000, "coalesce(a.wait_event_type, '')", _WAITED_SINCE),
    (90_600, "coalesce(a.wait_event_type, '')", "NULL"),
    (0, "CASE WHEN a.waiting THEN 'Lock' ELSE '' END", "NULL"),
)
_BLOCKERS = 90_600

_LOST = Silence(
    "the server has no session of it any more",
    "the network between them, or a pooler, has lost the connection",
)
_IDLE = Silence(
    "its session waits for pg_dump, so an answer was lost, or nobody reads it",
    "look at the network between them; the job is tried again",
)


@dataclass(frozen=True)
class _Session:
    """One session of pg_dump: what it waits for, and for how many seconds it has been so."""

    pid: int
    active: bool
    waits: str
    seconds: float

    @property
    def is_locked(self) -> bool:
        return self.active and self.waits == "Lock"

    def works(self, silent: float) -> bool:
        """Tell whether it does something, or did in the meantime."""
        return self.seconds < silent or (self.active and self.waits not in {"Lock", "Client"})


def why_silent(
    connection: Connection,
    redact: Redactor,
    silent: float,
    pause: Callable[[float], None] = time.sleep,
    *,
    name: str = "",
) -> Silence | None:
    """Say why pg_dump has given nothing for so many seconds; None while its session works.

    That has the `name`, where there are several, and else the name that all of ours have.
    Raises as `connect` does.
    """
    link = connect(connection, redact, _PATIENCE)
    with closing(link), answering(link, connection, redact, _PATIENCE), link.cursor() as cursor:
        if name:
            cursor.execute(_CALL_ITSELF, [name])
        for _ in range(_LOOKS):
            found = _sessions(cursor)
            if not found:
                return _LOST
            if any(each.works(silent) for each in found):
                return None
            pause(_PAUSE)
        locked = next((each for each in found if each.is_locked), None)
        return _locked(cursor, locked) if locked else _IDLE


def _sessions(cursor: Cursor) -> list[_Session]:
    version = cursor.connection.server_version
    _, waits, since = next(columns for columns in _COLUMNS if version >= columns[0])
    cursor.execute(_SESSIONS.format(waits=waits, since=since))
    return [_Session(*row) for row in cursor.fetchall()]


def _locked(cursor: Cursor, session: _Session) -> Silence:
    holders: list[int] = []
    if cursor.connection.server_version >= _BLOCKERS:
        cursor.execute("SELECT pg_blocking_pids(%s)", [session.pid])
        (holders,) = cursor.fetchone()
    # Zero is a transaction that was prepared and belongs to no process.
    named = ", ".join(str(pid) for pid in sorted(set(holders)) if pid)
    by = f"process {named}" if named else "somebody else"
    return Silence(
        f"its session waits for a lock, such as on a view or sequence, that {by} holds",
        "pg_stat_activity shows what that does: end it, or move the schedule away from it",
    )

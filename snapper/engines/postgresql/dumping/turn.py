"""Whose turn it is on a server: each dump has a session there whose name says since when.

Every role sees the names of all sessions (`application_name`), whatever rights it has; when a
session began it does not see. So the server's own time stands in the name, to the microsecond, and
who came first is the same for everybody: those that give way give way to others that go.

The time is read after a name that says that it is being read. So nobody whose time is earlier can
turn up when a later one has looked: it is waited for. (Lamport's bakery, without its waiting.)
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import NamedTuple

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.session import answering, connect
from snapper.engines.postgresql.connecting.signing_in import connection_of
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.errors import ServerBusy
from snapper.values.secrets import Database

NAME = "snapper dump "
"""How the names of these sessions begin, and of no others of ours."""

_COMING = f"{NAME}?"
_NAMED = re.compile(rf"{NAME}(?:\?|([0-9]{{16}}))", re.ASCII)

LONGEST_DUMP = timedelta(hours=25)
"""No dump takes longer: what says that it has begun before, is none, or a pooler kept its name."""

_PATIENCE_WITH_COMING = 5.0
"""Seconds for those who are just reading the time, which takes them one answer of the server."""

_PAUSE = 0.05

# So the server drops the session of a dumper that died without a word within a minute; its system's
# own measure is two hours, in which that session would keep others out.
_NOTICES = "; ".join(
    f"SET tcp_keepalives_{what} = {number}"
    for what, number in (("idle", 30), ("interval", 10), ("count", 3))
)
_CALL_ITSELF = "SELECT pg_catalog.set_config('application_name', %s, false)"
_TAKE_TIME = (
    "SELECT pg_catalog.set_config('application_name', %s || pg_catalog.trunc(1000000 *"
    " pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())::numeric(20, 6))::bigint, false),"
    " pg_catalog.pg_backend_pid()"
)
_OTHERS = (
    "SELECT application_name, pid, usename = session_user FROM pg_catalog.pg_stat_activity"
    " WHERE application_name LIKE %s AND pid <> pg_catalog.pg_backend_pid()"
)
_LIMITS = (
    "SELECT r.rolconnlimit, d.datconnlimit FROM pg_catalog.pg_roles r, pg_catalog.pg_database d"
    " WHERE r.rolname = session_user AND d.datname = pg_catalog.current_database()"
)


class _Dump(NamedTuple):
    """A session's place in the order: microseconds since 1970 by the server's clock, process."""

    since: int
    pid: int
    is_ours: bool = True


@contextmanager
def turn(
    database: Database,
    most: int,
    patience: float,
    *,
    long_waited: bool,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[int]:
    """Be one of at most so many dumps of a server; gives how many sessions did not count.

    None counts that another user has opened, where this dump has `long_waited`.

    Raises ServerBusy where as many came before, and as `connect` does. Where the server shows no
    sessions, or the login may have so few that one more could be missing, nobody is kept out.
    """
    connection, redact = connection_of(database), redactor(database.connection)
    link = connect(connection, redact, patience)
    with closing(link):
        passed_over = 0
        with answering(link, connection, redact, patience), link.cursor() as cursor:
            if _is_scarce(cursor, most):
                link.close()
            elif before := _before(cursor, pause):
                counted = [each for each in before if each.is_ours or not long_waited]
                passed_over = len(before) - len(counted)
                if len(counted) >= most:
                    raise _busy(connection, counted, most)
        yield passed_over


def _is_scarce(cursor: Cursor, most: int) -> bool:
    """Tell whether login or database may have few sessions: that is a limit of its own."""
    cursor.execute(_LIMITS)
    return any(0 <= limit <= 2 * most for row in cursor.fetchall() for limit in row)


def _before(cursor: Cursor, pause: Callable[[float], None]) -> list[_Dump]:
    """Join those who dump, and give those who came before."""
    cursor.execute(_NOTICES)
    cursor.execute(_CALL_ITSELF, [_COMING])
    cursor.execute(_TAKE_TIME, [NAME])
    name, pid = cursor.fetchone()
    own = _Dump(int(name.removeprefix(NAME)), pid)
    oldest = own.since - LONGEST_DUMP // timedelta(microseconds=1)
    end = time.monotonic() + _PATIENCE_WITH_COMING
    while True:
        try:
            found = _others(cursor)
        except psycopg2.ProgrammingError:
            return []  # somebody has taken the view from everybody
        if all(each.since for each in found) or time.monotonic() > end:
            return [each for each in found if not each.since or oldest < each.since < own.since]
        pause(_PAUSE)


def _others(cursor: Cursor) -> list[_Dump]:
    """Give all that call themselves dumps, in their order; those still coming are of the time 0."""
    cursor.execute(_OTHERS, [f"{NAME}%"])
    known = ((_NAMED.fullmatch(name), pid, ours) for name, pid, ours in cursor.fetchall())
    return sorted(_Dump(int(match[1] or 0), pid, ours) for match, pid, ours in known if match)


def _busy(connection: Connection, before: list[_Dump], most: int) -> ServerBusy:
    processes = ", ".join(str(each.pid) for each in before[:most])
    return ServerBusy(
        f"{most} dumps are under way on the server of {connection.place} (processes {processes})",
        hint="it is tried again in a minute or two; the setting maxPerServer says how many may be",
    )

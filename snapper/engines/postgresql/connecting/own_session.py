"""Whether a connection is a session of its own, or is given to others between two statements.

A pooler of the second kind may lend another session to each statement, so settings and locks are
somebody else's. It is told by what it does, whatever it is called: while a second connection is in
the midst of a transaction, the first must still be what it was.
"""

import secrets
from collections.abc import Callable
from contextlib import closing

from psycopg2 import OperationalError
from psycopg2.errors import UndefinedObject
from psycopg2.extensions import connection as Link  # noqa: N812  a class, in small letters

_TURNS = 3
_SETTING = "snapper.own"


def is_own(link: Link, another: Callable[[], Link | None]) -> bool:
    """Tell whether the session is the connection's own; `another` opens a second one, or none."""
    word, key = secrets.token_hex(8), secrets.randbits(62)
    with link.cursor() as cursor:
        cursor.execute(
            "SELECT pg_catalog.pg_backend_pid(), pg_catalog.set_config(%s, %s, false),"
            " pg_catalog.pg_try_advisory_lock(%s)",
            [_SETTING, word, key],
        )
        pid, _, locked = cursor.fetchone()
    for last in (False, True):
        second = another()
        if second is None:
            break
        with closing(second):
            try:
                second.cursor().execute("BEGIN")
            except OperationalError:
                # A pool of statements ends whoever begins a transaction. Once, the network may.
                if last:
                    return False
                continue
            return (
                bool(locked)
                and all(
                    # Lent is the one that came back last, or they take turns.
                    _is_apart(second, pid, key) and _stays(link, pid, word)
                    for _ in range(_TURNS)
                )
                and _unlocks(link, key)
            )
    return bool(locked) and _stays(link, pid, word) and _unlocks(link, key)


def _is_apart(second: Link, pid: int, key: int) -> bool:
    """Begin a transaction in the second, which stays open; tell whether it is elsewhere."""
    with second.cursor() as cursor:
        cursor.execute("ROLLBACK")
        cursor.execute("BEGIN")
        cursor.execute(
            "SELECT pg_catalog.pg_backend_pid(), pg_catalog.pg_try_advisory_xact_lock(%s)", [key]
        )
        other, locked = cursor.fetchone()
        return bool(other != pid and not locked)


def _stays(link: Link, pid: int, word: str) -> bool:
    """Tell whether the first is what it was: its process and its setting."""
    with link.cursor() as cursor:
        try:
            cursor.execute(
                "SELECT pg_catalog.pg_backend_pid(), pg_catalog.current_setting(%s)", [_SETTING]
            )
        except UndefinedObject:
            return False
        return bool(cursor.fetchone() == (pid, word))


def _unlocks(link: Link, key: int) -> bool:
    with link.cursor() as cursor:
        cursor.execute("SELECT pg_catalog.pg_advisory_unlock(%s)", [key])
        return bool(cursor.fetchone()[0])

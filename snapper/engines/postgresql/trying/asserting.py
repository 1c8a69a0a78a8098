"""What an operator asserts of a database, asked of its restored copy: queries that must give true.

A query calls functions of the backup's, if it likes: so nobody asks it who has more rights than to
read. Nothing of a row is told of what it gave.
"""

from collections.abc import Iterable

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.connecting.server_words import is_raised, sqlstate, words_of
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.loading.leniency import is_lost
from snapper.engines.postgresql.trying.lacking import Disproven
from snapper.values.redaction import Redactor

SECONDS = 60.0
"""How long one query may take."""

_GRACE = 10.0
"""Seconds after which nobody listens any more: a function can go on when it is told to end."""

_SHOWN = 200
"""Letters of a query that are shown."""
_NAMED = 5
_BOOLEAN = 16
"""The type's number, the same on every server."""

_SETTING = "SELECT pg_catalog.set_config(%s, %s, false)"


def require(
    assertions: Iterable[str],
    connection: Connection,
    redact: Redactor,
    search_path: str,
    seconds: float = SECONDS,
) -> None:
    """Ask each query, read-only, with the `search_path` that sessions of the source have.

    Raises Disproven with those that do not give true and why, against the backup but where one
    takes too long, which says nothing of it; RestoreFailed, DatabaseUnreachable.
    """
    faults = [
        f"{_shown(query)}: {fault}"
        for query in assertions
        if (fault := _fault(query, connection, redact, search_path, seconds))
    ]
    if faults:
        more = f"; and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        raise Disproven(
            f"what must be true of the restored copy is not: {'; '.join(faults[:_NAMED])}{more}",
            hint="the backup is whole; look at what is in it, or change the option assertions",
            against_backup=True,
        )


def _fault(
    query: str, connection: Connection, redact: Redactor, search_path: str, seconds: float
) -> str:
    """Say why a query does not give true; nothing if it does."""
    # Each has a session of its own: what a function leaves in one is gone with it.
    with asking(connection, redact) as cursor:
        cursor.execute(_SETTING, ["search_path", search_path])
        cursor.execute("SET row_security = off")
        cursor.execute(_SETTING, ["statement_timeout", f"{seconds * 1000:.0f}"])
        cursor.execute("BEGIN READ ONLY")
        try:
            cursor.connection.patience = seconds + _GRACE
            # A query within another changes nothing, and can be no command.
            cursor.execute(f"SELECT * FROM (\n{_bare(query)}\n) AS asserted LIMIT 2")  # noqa: S608
            return _of_answer(cursor)
        except psycopg2.Error as error:
            if _is_the_servers(error):
                raise _ended(query, error, cursor, seconds) from None
            cursor.execute("ROLLBACK")
            return f"it fails: {redact(_words(error, query, cursor))}"


def _is_the_servers(error: psycopg2.Error) -> bool:
    """Tell whether it is for want of a session, of room or of time, or for a failing disk."""
    of_server = sqlstate(error).startswith(("53", "57", "58"))
    return is_lost(error) or (of_server and not is_raised(error))


def _of_answer(cursor: Cursor) -> str:
    types, rows = [each.type_code for each in cursor.description or ()], cursor.fetchall()
    if types != [_BOOLEAN]:
        return "it does not give one column of true or false"
    if len(rows) != 1:
        return "it gives more than one row" if rows else "it gives no row"
    return {True: "", False: "it gives false"}.get(rows[0][0], "it gives NULL")


def _words(error: psycopg2.Error, query: str, cursor: Cursor) -> str:
    def ask(text: str, value: object) -> list[tuple[object, ...]]:
        cursor.execute(text, [value])
        return list(cursor.fetchall())

    return words_of(error, ask, query.encode(), of_rows=True)


def _ended(
    query: str, error: psycopg2.Error, cursor: Cursor, seconds: float
) -> Disproven | psycopg2.Error:
    """Give our own error where a query took too long, else the server's."""
    if isinstance(error, psycopg2.errors.QueryCanceled) or cursor.connection.left is error:
        return Disproven(
            f"{_shown(query)}: it was ended after {seconds:.0f} s, so whether it is true is not"
            " known",
            hint="assert something that takes less time",
        )
    return error


def _bare(query: str) -> str:
    return query.strip().rstrip(";")


def _shown(query: str) -> str:
    line = " ".join(query.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"

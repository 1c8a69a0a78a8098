"""A short session for a few questions or statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg2
from psycopg2.extensions import connection as Link  # noqa: N812  a class, in small letters

from snapper.engines.checked_dump import LONGEST_SILENCE
from snapper.engines.postgresql.connecting.server_words import words_of
from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.errors import DatabaseUnreachable, RestoreFailed
from snapper.values.redaction import Redactor

WORKS = None
"""The patience with what may take as long as it takes: only a signal ends it, or the network."""


@contextmanager
def asking(
    connection: Connection,
    redact: Redactor,
    *,
    of_backup: bool = False,
    patience: float | None = LONGEST_SILENCE,
) -> Iterator[psycopg2.extensions.cursor]:
    """Open a session for a few questions or statements, each of which commits by itself.

    Each may take `patience` seconds, which are more than any question takes.

    Raises DatabaseUnreachable where there is no session or it is lost, RestoreFailed where the
    server refuses something: against the backup where they are statements `of_backup`.
    """
    link = connect(connection, redact)
    link.patience = patience
    try:
        with link.cursor() as cursor:
            yield cursor
    except psycopg2.Error as error:
        words = redact(words_of(error, partial(_ask, link)))
        raise failure(error, connection.place, words, of_backup=of_backup) from None
    finally:
        link.close()


def failure(
    error: psycopg2.Error, place: str, words: str, *, of_backup: bool = False
) -> DatabaseUnreachable | RestoreFailed:
    """Give our own error for the server's, of which these words may be told."""
    if _is_lost(error):
        return DatabaseUnreachable(f"{place} broke off: {words}")
    return RestoreFailed(f"{place} refused: {words}", against_backup=of_backup)


def _ask(link: Link, query: str, value: object) -> list[tuple[object, ...]]:
    with link.cursor() as cursor:
        cursor.execute(query, [value])
        return list(cursor.fetchall())


def _is_lost(error: psycopg2.Error) -> bool:
    """Tell whether it was the session that ended; other operational errors are the statement's.

    The server reports a connection exception (class 08) or its own end (57P); where it reported
    nothing, the line was cut.
    """
    if error.pgcode is None:
        return isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    return bool(error.pgcode.startswith(("08", "57P")))

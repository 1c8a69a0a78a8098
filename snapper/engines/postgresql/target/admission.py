"""The first session in a database that has just been made: a server may admit named ones only."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.errors import DatabaseUnreachable, HostUnreachable, RestoreFailed
from snapper.values.redaction import Redactor

_BY_ITS_NAME = (
    "its pg_hba.conf may name the databases that it admits: restore with --final-name, which makes"
    " the database by its own name from the start"
)
_NOT_EVEN_THAT = "have its pg_hba.conf admit this user to a database of this name"


class NotAdmitted(RestoreFailed):
    """The server makes databases for us, and lets nobody into one of this name."""


@contextmanager
def admitted(database: Connection, redact: Redactor, *, named: bool) -> Iterator[Cursor]:
    """Open the first session in a database that was made a moment ago; raise NotAdmitted.

    It may be `named` as it will be in the end.
    """
    entered = False
    try:
        with asking(database, redact) as cursor:
            entered = True
            yield cursor
    except HostUnreachable:
        raise
    except DatabaseUnreachable as refused:
        if entered:
            raise
        raise NotAdmitted(
            f"the server has made the database, and lets us into none of this name: {refused}",
            hint=_NOT_EVEN_THAT if named else _BY_ITS_NAME,
        ) from None

"""The first session in a database that has just been made: a server may admit named ones only."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.target import asking
from snapper.errors import DatabaseUnreachable, HostUnreachable, RestoreFailed
from snapper.values.redaction import Redactor


class NotAdmitted(RestoreFailed):
    """The server makes databases for us, and lets nobody into one of this name."""


@contextmanager
def admitted(database: Connection, redact: Redactor) -> Iterator[Cursor]:
    """Open the first session in a database that was made a moment ago; raise NotAdmitted."""
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
            hint="its pg_hba.conf may name the databases that it admits: restore with --final-name,"
            " which makes the database by its own name from the start",
        ) from None

"""Whether anybody wrote to a database's server in the meantime, which explains a difference."""

from contextlib import closing

import psycopg2

from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.errors import SnapperError

QUIET = (
    "no transaction has written to its server since before that backup: what differs came with the "
    "backup or its restore"
)
BUSY = (
    "something wrote to its server after that backup began: if it was to this database, that is "
    "the difference; stop what writes to it and try again"
)


def transactions(connection: str) -> str:
    """Give the state of the server's transactions, which every one that writes changes.

    Nothing where the server does not tell.
    """
    try:
        with (
            closing(connect(Connection.parse(connection), redactor(connection))) as link,
            link.cursor() as cursor,
        ):
            cursor.execute("SELECT pg_catalog.txid_current_snapshot()::text")
            return str(cursor.fetchone()[0])
    except (SnapperError, psycopg2.Error):
        return ""


def meanwhile(before: str, now: str) -> tuple[str, ...]:
    """Say what two such states tell of the time between them."""
    if not before or not now:
        return ()
    return (QUIET if before == now else BUSY,)

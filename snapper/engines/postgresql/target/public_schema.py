"""Who may create in the schema `public`: up to PostgreSQL 14 everybody, since 15 the owner alone.

A dump of 14 says nothing of it where nothing was changed, and of a change only what is another.
"""

from contextlib import suppress

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.inspecting.read_properties import Tell
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.inspecting.release import release

_CLOSED_SINCE = 15

OPEN_TO_ALL = "SELECT pg_catalog.has_schema_privilege('public', 'public', 'CREATE')"
"""Asks a database whether everybody may create in its schema `public`."""

_GIVE = "GRANT CREATE ON SCHEMA public TO PUBLIC"

CLOSED = (
    "in PostgreSQL 14 and older everybody may create in the schema public, if nobody has changed"
    f" that, and here only its owner: {_GIVE}, if an application needs it"
)
"""What is said where it is not given back."""


def was_open(backup: Recorded, major: int) -> bool:
    """Tell whether a server of this major closes what was open where the backup was made."""
    return release(backup.pg_dump_version)[0] < _CLOSED_SINCE <= major


def give_back(cursor: Cursor, backup: Recorded, tell: Tell) -> None:
    """Open the schema of a new database as it was; what the dump takes away comes after it."""
    if not was_open(backup, cursor.connection.server_version // 10_000):
        return
    with suppress(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(_GIVE)
    cursor.execute(OPEN_TO_ALL)
    if not cursor.fetchone()[0]:
        tell(CLOSED)

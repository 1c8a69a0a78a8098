"""Extensions of the server for trials that stand in for those of the same name."""

from collections.abc import Iterator

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.values.redaction import Redactor

_STAND_INS = """
    SELECT pg_catalog.string_agg(extname, ', ' ORDER BY extname) FROM pg_catalog.pg_extension
    WHERE extversion = 'stand-in'
"""


def stand_ins(database: Connection, redact: Redactor) -> Iterator[str]:
    """Say which extensions a restored database has in name only, or written anew."""
    with asking(database, redact) as cursor:
        cursor.execute(_STAND_INS)
        (names,) = cursor.fetchone()
    if names:
        yield f"tried with Snapper's own stand-in, written in SQL, for the extension {names}"

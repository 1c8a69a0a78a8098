"""Values of the type `xml` on a server that was built without XML: it takes them as they are."""

import psycopg2

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.values.redaction import Redactor

_READ_ONE = "SELECT '<a/>'::pg_catalog.xml"

# Within, one is a text, and is written as such; only what would read it is not there.
_READ_AS_TEXT = """
    UPDATE pg_catalog.pg_type SET typinput = 'pg_catalog.textin'::pg_catalog.regproc
    WHERE oid = 'pg_catalog.xml'::pg_catalog.regtype
"""

_IS_THERE = """
    WITH written (type) AS (VALUES ('pg_catalog.xml'::pg_catalog.regtype::pg_catalog.oid),
        ('pg_catalog.xml[]'::pg_catalog.regtype::pg_catalog.oid))
    SELECT EXISTS (SELECT FROM pg_catalog.pg_type JOIN written ON typbasetype = type) OR EXISTS (
        SELECT FROM pg_catalog.pg_attribute JOIN written ON atttypid = type
        WHERE attrelid >= 16384)  -- none of the system's own
"""

TAKEN = "values of the type xml were taken as they are, for this PostgreSQL was built without XML"


def take_xml(database: Connection, redact: Redactor) -> bool:
    """Have a throw-away database take XML unread, and tell whether that was needed."""
    with asking(database, redact) as cursor:
        try:
            cursor.execute(_READ_ONE)
        except psycopg2.errors.FeatureNotSupported:
            cursor.execute(_READ_AS_TEXT)
            return True
    return False


def has_xml(database: Connection, redact: Redactor) -> bool:
    """Tell whether anything in a database is of the type."""
    with asking(database, redact) as cursor:
        cursor.execute(_IS_THERE)
        (found,) = cursor.fetchone()
        return bool(found)

"""The database that a restore goes to, and its server: what there is, and what is missing."""

from snapper.engines.facts import Content
from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.naming.names import database_name
from snapper.engines.postgresql.target.maintenance import maintenance
from snapper.values.redaction import Redactor

UNFINISHED = "snapper-unfinished-"
"""How the name of a database begins that a restore has not yet filled, or not yet named."""

UNFINISHED_COMMENT = "unfinished: a restore of Snapper's fills this database"
"""What is said of one that has its own name already."""

# What somebody made: all outside the system's own schemas and extensions.
_CONTENT = """
    SELECT
        (SELECT count(*) FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
            AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                WHERE d.classid = 'pg_catalog.pg_class'::regclass
                AND d.objid = c.oid AND d.deptype = 'e')),
        (SELECT count(*) FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                WHERE d.classid = 'pg_catalog.pg_proc'::regclass
                AND d.objid = p.oid AND d.deptype = 'e')),
        (SELECT count(*) FROM pg_catalog.pg_type t
            JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            WHERE t.typtype IN ('d', 'e', 'r')
            AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                WHERE d.classid = 'pg_catalog.pg_type'::regclass
                AND d.objid = t.oid AND d.deptype = 'e')),
        (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata)
"""


_ONE = ("table or other relation", "function", "type", "large object")
_MANY = ("tables and other relations", "functions", "types", "large objects")


def content(connection: Connection, redact: Redactor) -> Content:
    """Count what the database holds; raises as `inspect` does."""
    with asking(connection, redact) as cursor:
        cursor.execute(_CONTENT)
        counts = cursor.fetchone()
    found = zip(counts, _ONE, _MANY, strict=True)
    words = ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in found)
    return Content(words, not any(counts))


def exists(connection: Connection, redact: Redactor) -> bool:
    """Tell whether the connection's database is there, by asking in any that lets us in."""
    with asking(maintenance(connection, redact), redact) as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = %s)",
            [database_name(connection)],
        )
        return bool(cursor.fetchone()[0])


def unfinished_databases(connection: Connection, redact: Redactor) -> tuple[str, ...]:
    """Give the databases of restores that are under way, were killed, or could not name them."""
    with asking(connection, redact) as cursor:
        cursor.execute(
            "SELECT datname FROM pg_catalog.pg_database WHERE datname LIKE %s"
            " OR pg_catalog.shobj_description(oid, 'pg_database') = %s ORDER BY 1",
            [f"{UNFINISHED}%", UNFINISHED_COMMENT],
        )
        return tuple(name for (name,) in cursor.fetchall())


def tablespaces(connection: Connection, redact: Redactor) -> frozenset[str]:
    """Give the names of the server's tablespaces; raises as `inspect` does."""
    with asking(connection, redact) as cursor:
        cursor.execute("SELECT spcname FROM pg_catalog.pg_tablespace")
        return frozenset(name for (name,) in cursor.fetchall())

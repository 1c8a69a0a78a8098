"""What the options of a database leave out, as its server knows it, and what that would break.

pg_dump passes over a name that matches nothing, and leaves the partitions of a table in. So the
server is asked first, and pg_dump is told every name.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from psycopg2 import extensions
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.naming.names import quoted
from snapper.engines.postgresql.omitting import omitted
from snapper.engines.postgresql.omitting.excluded import (
    SCHEMAS,
    TABLE_DATA,
    TABLES,
    Table,
    schema_of,
    shown,
    table_of,
)
from snapper.values.omission import Omission, some
from snapper.values.options import Options

# The system's own are in no dump anyhow.
_SCHEMAS = """
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname = ANY(%s) AND nspname !~ '^pg_' AND nspname <> 'information_schema'
"""

# What inherits of a table goes with it: partitions, and what could not be made without it.
_TABLES = """
    WITH RECURSIVE family AS (
        SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE (n.nspname::text, c.relname::text) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
        UNION SELECT i.inhrelid FROM pg_inherits i JOIN family f ON i.inhparent = f.oid
    )
    SELECT c.oid, n.nspname, c.relname FROM family JOIN pg_class c USING (oid)
    JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY 2, 3
"""

_MEMBERS = "SELECT oid FROM pg_class WHERE relnamespace = ANY(%s::oid[])"

# Who stays and could not be restored: by rows that are gone, and by anything else that is. What is
# part of another thing has an automatic or internal dependency on it.
_DEPENDENT = """
    WITH lost AS (
        SELECT 'pg_class'::regclass AS class, unnest(%(gone)s::oid[]) AS number
        UNION ALL SELECT 'pg_type'::regclass, t.oid
        FROM pg_type t LEFT JOIN pg_type element ON element.oid = t.typelem
        WHERE t.typrelid = ANY(%(gone)s::oid[]) OR element.typrelid = ANY(%(gone)s::oid[])
        UNION ALL SELECT classid::regclass, objid FROM pg_depend
        WHERE refclassid = 'pg_namespace'::regclass AND refobjid = ANY(%(schemas)s::oid[])
    ), left_alone AS (
        SELECT DISTINCT d.classid, d.objid, d.objsubid
        FROM pg_depend d JOIN lost ON lost.class = d.refclassid AND lost.number = d.refobjid
        WHERE d.deptype = 'n'
        AND d.classid NOT IN ('pg_amop'::regclass, 'pg_amproc'::regclass)
        AND NOT EXISTS (
            SELECT FROM lost o WHERE o.class = d.classid AND o.number = d.objid
        )
        AND NOT EXISTS (
            SELECT FROM pg_depend p LEFT JOIN lost o
            ON o.class = p.refclassid AND o.number = p.refobjid
            WHERE p.classid = d.classid AND p.objid = d.objid
            AND (p.deptype = 'e' OR p.deptype IN ('a', 'i') AND o.number IS NOT NULL)
        )
        AND NOT EXISTS (
            SELECT FROM pg_constraint f
            WHERE d.classid = 'pg_constraint'::regclass AND f.oid = d.objid AND f.contype = 'f'
        )
    )
    SELECT 'the constraint ' || conname || ' of ' || conrelid::regclass
    FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND (
        confrelid = ANY(%(gone)s::oid[]) AND conrelid <> ALL(%(gone)s::oid[])
        OR confrelid = ANY(%(empty)s::oid[])
            AND conrelid <> ALL(%(gone)s::oid[] || %(empty)s::oid[])
    )
    UNION SELECT 'the ' || regexp_replace(
        pg_describe_object(classid, objid, objsubid), '^rule "?_RETURN"? on ', '')
    FROM left_alone
    UNION SELECT 'the extension ' || extname
    FROM pg_extension WHERE extnamespace = ANY(%(schemas)s::oid[])
    ORDER BY 1
"""


@dataclass(frozen=True)
class Exclusion:
    """What pg_dump is told, what a manifest says of it, and what the operator should know.

    `gone` and `emptied` are the numbers of the relations that it leaves out, or only the rows of.
    """

    arguments: tuple[str, ...] = ()
    omitted: tuple[Omission, ...] = ()
    doubts: tuple[str, ...] = ()
    gone: tuple[int, ...] = ()
    emptied: tuple[int, ...] = ()


def exclusion(cursor: Cursor, options: Options, encoding: str) -> Exclusion:
    """Look up what the options leave out of this database; `encoding` is the database's own."""
    if not (options.exclude_schemas or options.exclude_tables or options.exclude_table_data):
        return Exclusion()
    wanted = [schema_of(name) for name in options.exclude_schemas]
    whole = [table_of(name) for name in options.exclude_tables]
    rows = [table_of(name) for name in options.exclude_table_data]
    cursor.execute(_SCHEMAS, [[name for name in wanted if _can_be_in(encoding, name)]])
    schemas = dict(cursor.fetchall())
    tables = _family(cursor, whole, encoding)
    emptied = _family(cursor, rows, encoding)
    cursor.execute(_MEMBERS, [list(schemas)])
    gone = [*tables, *(oid for (oid,) in cursor.fetchall())]
    found = [
        (SCHEMAS, [(quoted(name), shown(name)) for name in sorted(schemas.values())]),
        (TABLES, [(str(each), each.shown) for each in tables.values()]),
        (TABLE_DATA, [(str(each), each.shown) for each in emptied.values()]),
    ]
    missing = [
        *(shown(name) for name in wanted if name not in schemas.values()),
        *(each.shown for each in whole if each not in tables.values()),
        *(each.shown for each in rows if each not in emptied.values()),
    ]
    cursor.execute(_DEPENDENT, {"gone": gone, "empty": list(emptied), "schemas": list(schemas)})
    broken = tuple(name for (name,) in cursor.fetchall())
    return Exclusion(
        tuple(
            _in(encoding, f"{kind.argument}={written}")
            for kind, names in found
            for written, _ in names
        ),
        tuple(omitted.of(kind, [name for _, name in names]) for kind, names in found if names),
        tuple(_doubts(missing, broken)),
        tuple(gone),
        tuple(emptied),
    )


def _family(cursor: Cursor, tables: list[Table], encoding: str) -> dict[int, Table]:
    known = [each for each in tables if _can_be_in(encoding, str(each))]
    cursor.execute(_TABLES, [[each.schema for each in known], [each.name for each in known]])
    return {oid: Table(schema, name) for oid, schema, name in cursor.fetchall()}


def _doubts(missing: list[str], broken: tuple[str, ...]) -> Iterator[str]:
    if missing:
        yield f"the options leave out what is not there: {', '.join(missing)}"
    if broken:
        yield (
            "a restore would stop, for the options leave out what others need: "
            f"{some(broken, len(broken))}"
        )


def _can_be_in(encoding: str, name: str) -> bool:
    """Tell whether a database can have the name; its server takes no question about others."""
    try:
        name.encode(_codec(encoding))
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def _in(encoding: str, argument: str) -> str:
    """Write an argument so that the program gets its bytes in the database's own encoding."""
    try:
        return os.fsdecode(argument.encode(_codec(encoding)))
    except (LookupError, UnicodeEncodeError):
        return argument


def _codec(encoding: str) -> str:
    return str(extensions.encodings.get(encoding.replace("_", ""), "utf-8"))

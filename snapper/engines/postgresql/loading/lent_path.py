"""A search_path for functions, as long as something is built that calls them.

Up to 16 an index or a materialized view was built with the session's path. From 17 on PostgreSQL
builds it with none but a function's own: what a body names without its schema is not found then,
whatever is set. So the functions are given the session's path, and lose it in the same transaction.
"""

from snapper.engines.postgresql.loading import leniency
from snapper.engines.postgresql.loading.statement_runner import StatementRunner

_LONGEST = 1 << 20
"""Bytes of a statement in which names are looked for."""

# What the statement may name, casts, which have no name, whatever those may call, and what belongs
# to tables and types, such as indexes, generated columns, checks and classes of operators. More
# than is called does no harm. No trigger is fired by building, and a foreign key leads to tables
# that are not looked at.
_LENDS = """
    WITH RECURSIVE named (classid, objid, name) AS (
        SELECT tableoid, oid, proname FROM pg_catalog.pg_proc
        UNION ALL SELECT tableoid, oid, oprname FROM pg_catalog.pg_operator
        UNION ALL SELECT tableoid, oid, opcname FROM pg_catalog.pg_opclass
        UNION ALL SELECT tableoid, oid, typname FROM pg_catalog.pg_type
        UNION ALL SELECT tableoid, oid, relname FROM pg_catalog.pg_class
        UNION ALL SELECT tableoid, oid, '' FROM pg_catalog.pg_cast
    ), used (classid, objid) AS (
        SELECT classid, objid FROM named WHERE objid >= 16384 AND pg_catalog.strpos(
            pg_catalog.convert_from(%s, pg_catalog.pg_client_encoding()),
            pg_catalog.replace(name::pg_catalog.text, '"', '""')) > 0
        UNION
        SELECT more.* FROM used CROSS JOIN LATERAL (
            SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend d
            WHERE d.classid = used.classid AND d.objid = used.objid
            UNION ALL
            SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
            WHERE d.refclassid = used.classid AND d.refobjid = used.objid
            AND (d.deptype IN ('a', 'i', 'P', 'S')
                OR d.classid = 'pg_catalog.pg_opclass'::pg_catalog.regclass)
            AND d.classid <> 'pg_catalog.pg_trigger'::pg_catalog.regclass
            AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_constraint c
                WHERE c.tableoid = d.classid AND c.oid = d.objid AND c.contype = 'f')
        ) AS more
    ), lent (name, inlined) AS (
        SELECT p.oid::pg_catalog.regprocedure::pg_catalog.text, l.lanname = 'sql' FROM used
        JOIN pg_catalog.pg_proc p ON p.tableoid = used.classid AND p.oid = used.objid
        JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname <> 'internal'
        WHERE p.oid >= 16384 AND p.prokind <> 'a'
        AND pg_catalog.pg_has_role(p.proowner, 'USAGE') AND NOT EXISTS (
            SELECT FROM pg_catalog.unnest(p.proconfig) AS s
            WHERE pg_catalog.starts_with(s, 'search_path='))
    )
    SELECT pg_catalog.convert_to(pg_catalog.string_agg(pg_catalog.format(given, name), '')
            FILTER (WHERE NOT inlined), pg_catalog.pg_client_encoding()),
        pg_catalog.convert_to(pg_catalog.string_agg(pg_catalog.format(given, name), ''),
            pg_catalog.pg_client_encoding())
    FROM lent CROSS JOIN (VALUES (1, 'ALTER ROUTINE %%s SET search_path FROM CURRENT;'),
        (2, 'ALTER ROUTINE %%s RESET search_path;')) AS ways (way, given)
    GROUP BY way ORDER BY way
"""


def lending(body: bytes, runner: StatementRunner) -> list[tuple[bytes, bytes]]:
    """Give what is to be run before and after a statement, in one transaction with it.

    Nothing where the server builds it with the session's own path, or where no function can be lent
    one: those that have one of their own keep it, and others than this user's cannot be changed.
    Else first those that are never inlined, if there are any, then all. To be asked with an empty
    path. Raises psycopg2.Error.
    """
    if not leniency.is_built_safely(body, runner.version) or len(body) > _LONGEST:
        return []
    ways = [
        (_bytes(before), _bytes(after))
        for before, after in zip(*runner.ask(_LENDS, body), strict=False)
        if before
    ]
    # What has a path is not inlined, and a partition's index must be the parent's like in that too,
    # as long as the transaction lasts: so it is as few as possible. That the parent's misses a name
    # means that it would be inlined, and that the partition's was not.
    return ways[-1:] if body.startswith(b"ALTER INDEX ") else ways


def _bytes(found: object) -> bytes:
    return bytes(found) if isinstance(found, memoryview) else b""

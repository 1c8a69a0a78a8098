"""Asks for indexes and materialized views whose functions name things without their schema.

From 17 on PostgreSQL builds these with no search_path but that of a function itself. What a text
names is found by its look only, so it may be more or less than what is called in truth.
"""

from snapper.engines.postgresql.naming.names import literal

_SINCE = 17

# Whatever stands in a text as what is called, read from, cast to, or a text search's own.
_NAME = r'"?([[:alpha:]_]\w*)"?'
_WORDS = {
    "pg_proc": rf"(\.\s*)?{_NAME}\s*\(",
    "pg_class": rf'\m(?:from|join|into|update)\s+(?:only\s+)?()?{_NAME}(?!["\w]*\s*[.(])',
    "pg_type": rf'::\s*()?{_NAME}(?!["\w]*\s*\.)',
    "pg_ts_dict": rf"'()?{_NAME}'",
    "pg_ts_config": rf"'()?{_NAME}'",
}
_COLUMNS = {
    "pg_proc": ("proname", "pronamespace"),
    "pg_class": ("relname", "relnamespace"),
    "pg_type": ("typname", "typnamespace"),
    "pg_ts_dict": ("dictname", "dictnamespace"),
    "pg_ts_config": ("cfgname", "cfgnamespace"),
}
_NAMED = """
    SELECT oid, {kind} AS kind, nullif(m[1], '') IS NULL AS bare, word
    FROM plain, regexp_matches(text, {words}, 'gi') AS m, unnest(ARRAY[m[2], lower(m[2])]) AS word
"""
_THINGS = """
    (SELECT '{table}' AS kind, {name} AS name FROM {table} WHERE {schema} NOT IN {systems}
    EXCEPT SELECT '{table}', {name} FROM {table} WHERE {schema} IN {systems})
"""
_SYSTEMS = "('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"

# From such functions, and those that call them and have no path either, to what is made of them:
# operators, classes of them, domains, views; a materialized view has its rows from then on.
_QUESTION = """
    WITH RECURSIVE plain AS MATERIALIZED (
        SELECT p.oid, p.proname, p.prosrc AS text
        FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
        WHERE l.lanname NOT IN ('internal', 'c') AND p.oid >= {first}
        AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS s WHERE starts_with(s, 'search_path='))
        AND NOT EXISTS (SELECT FROM pg_depend x
            WHERE x.deptype = 'e' AND x.classid = p.tableoid AND x.objid = p.oid)
    ), named AS MATERIALIZED (SELECT DISTINCT * FROM ({named}) AS found),
    things AS MATERIALIZED ({things}),
    calls AS MATERIALIZED (
        SELECT n.oid, p.oid AS called FROM named n JOIN plain p ON p.proname = n.word
        WHERE n.kind = 'pg_proc'
    ), blind AS MATERIALIZED (
        SELECT n.oid, min(t.name::text) AS finds FROM named n
        JOIN things t ON t.kind = n.kind AND t.name = n.word WHERE n.bare GROUP BY n.oid
    ), affected (oid) AS (
        SELECT oid FROM blind UNION
        SELECT calls.oid FROM affected JOIN calls ON calls.called = affected.oid
    ), used (classid, objid, origin) AS (
        SELECT 'pg_proc'::regclass::oid, oid, oid FROM affected
        UNION
        SELECT more.classid, more.objid, used.origin FROM used CROSS JOIN LATERAL (
            SELECT d.classid, d.objid FROM pg_depend d
            WHERE d.refclassid = used.classid AND d.refobjid = used.objid
            AND (d.classid <> 'pg_class'::regclass OR EXISTS (
                SELECT FROM pg_class c WHERE c.oid = d.objid AND c.relkind IN ('i', 'I')))
            AND (used.classid <> 'pg_class'::regclass OR (
                d.classid = 'pg_rewrite'::regclass AND EXISTS (
                    SELECT FROM pg_class v WHERE v.oid = used.objid AND v.relkind = 'v')))
            AND d.deptype IN ('n', 'a', 'i')
            UNION ALL
            SELECT d.refclassid, d.refobjid FROM pg_depend d
            WHERE d.classid = used.classid AND d.objid = used.objid
            AND (d.classid, d.refclassid) IN (
                ('pg_rewrite'::regclass, 'pg_class'::regclass),
                ('pg_amproc'::regclass, 'pg_opclass'::regclass),
                ('pg_amop'::regclass, 'pg_opclass'::regclass),
                ('pg_constraint'::regclass, 'pg_type'::regclass)) AND d.deptype IN ('a', 'i')
        ) AS more
    )
    SELECT {since}, pg_describe_object(used.classid, used.objid, 0), min(
        used.origin::regprocedure::text
        || coalesce(' finds ' || blind.finds, ' calls what finds names')
        || ' on a search_path only')
    FROM used JOIN pg_class c ON c.tableoid = used.classid AND c.oid = used.objid
    LEFT JOIN blind ON blind.oid = used.origin
    WHERE c.relkind IN ('i', 'I', 'm') AND NOT EXISTS (SELECT FROM pg_depend x
        WHERE x.deptype = 'e' AND x.classid = c.tableoid AND x.objid = c.oid)
    GROUP BY used.classid, used.objid
"""


def questions(version: int, first_of_users: int) -> tuple[str, ...]:
    """Give what to ask a server of this version, as `newer_sql` does; of 17 and newer nothing."""
    if version >= _SINCE * 10_000:
        return ()
    named = (
        _NAMED.format(kind=literal(kind), words=literal(words)) for kind, words in _WORDS.items()
    )
    things = (
        _THINGS.format(table=table, name=name, schema=schema, systems=_SYSTEMS)
        for table, (name, schema) in _COLUMNS.items()
    )
    query = _QUESTION.format(
        named=" UNION ALL ".join(named),
        things=" UNION ALL ".join(things),
        first=first_of_users,
        since=_SINCE,
    )
    return (query,)

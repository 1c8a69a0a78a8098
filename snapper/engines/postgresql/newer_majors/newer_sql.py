"""Asks a database for what newer majors refuse of it, by what `removed` knows of them.

Of what is system's or an extension's own nothing is told: it is made anew by the newer major. The
system's own functions leave no trace among the dependencies, so expressions are searched for their
numbers, as PostgreSQL keeps them.
"""

from collections.abc import Iterable

from snapper.engines.postgresql.naming.names import literal
from snapper.engines.postgresql.newer_majors import without_path
from snapper.engines.postgresql.newer_majors.removed import (
    COLUMNS,
    EXTENSIONS,
    FUNCTIONS,
    OF_EXPRESSIONS,
    RESERVED,
    SETTINGS,
)

_FIRST_OF_USERS = 16384
"""The least number of what is not PostgreSQL's own."""


def _values(rows: Iterable[Iterable[object]]) -> str:
    return ", ".join(
        "({})".format(", ".join(literal(v) if isinstance(v, str) else str(v) for v in row))
        for row in rows
    )


def _own(classid: str, objid: str) -> str:
    return (
        f"{objid} >= {_FIRST_OF_USERS} AND NOT EXISTS (SELECT FROM pg_depend x"
        f" WHERE x.deptype = 'e' AND x.classid = {classid!r}::regclass AND x.objid = {objid})"
    )


_DESCRIBED = "pg_describe_object({!r}::regclass, {}, 0)"

_GONE = f"""
    WITH gone AS (
        SELECT g.since, g.replaced, p.oid, p.proacl, g.name || '(' || g.types || ')' AS was
        FROM (VALUES {_values(FUNCTIONS)}) AS g (since, extension, name, types, replaced)
        JOIN pg_proc p ON p.proname = g.name AND oidvectortypes(p.proargtypes) = g.types
        LEFT JOIN (pg_depend d JOIN pg_extension e ON e.oid = d.refobjid) ON d.deptype = 'e'
            AND d.classid = 'pg_proc'::regclass AND d.objid = p.oid
        WHERE e.extname IS NOT DISTINCT FROM nullif(g.extension, '')
        AND (g.extension <> '' OR p.pronamespace = 'pg_catalog'::regnamespace)
    )
"""  # noqa: S608  constants only

# Whose expression it is, and how PostgreSQL keeps it. Since 14 a function may be one.
_TREES = """
    SELECT 'pg_class'::regclass AS classid, ev_class AS objid, ev_action::text AS tree
    FROM pg_rewrite
    UNION ALL SELECT 'pg_class'::regclass, adrelid, adbin::text FROM pg_attrdef
    UNION ALL SELECT 'pg_class'::regclass, indexrelid, concat(indexprs, indpred) FROM pg_index
        WHERE indexprs IS NOT NULL OR indpred IS NOT NULL
    UNION ALL SELECT 'pg_constraint'::regclass, oid, conbin::text FROM pg_constraint
        WHERE conbin IS NOT NULL
    UNION ALL SELECT 'pg_policy'::regclass, oid, concat(polqual, polwithcheck) FROM pg_policy
    UNION ALL SELECT 'pg_trigger'::regclass, oid, tgqual::text FROM pg_trigger
        WHERE tgqual IS NOT NULL
"""
_BODIES = "UNION ALL SELECT 'pg_proc'::regclass, oid, prosqlbody::text FROM pg_proc"

_CALLS = """
    SELECT g.since, pg_describe_object(t.classid, t.objid, 0), g.was || ' is gone'
    FROM gone g JOIN ({trees}) AS t ON t.tree ~ (':(op)?funcid ' || g.oid || ' ')
    WHERE NOT g.replaced AND t.objid >= {first} AND NOT EXISTS (
        SELECT FROM pg_depend x
        WHERE x.deptype = 'e' AND x.classid = t.classid AND x.objid = t.objid)
"""

_MADE_OF = f"""
    SELECT g.since, {_DESCRIBED.format("pg_proc", "a.aggfnoid")}, g.was || ' is gone'
    FROM gone g JOIN pg_aggregate a ON g.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
        a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn)
    WHERE {_own("pg_proc", "a.aggfnoid::oid")}
    UNION ALL
    SELECT g.since, {_DESCRIBED.format("pg_operator", "o.oid")}, g.was || ' is gone'
    FROM gone g JOIN pg_operator o ON o.oprcode = g.oid WHERE {_own("pg_operator", "o.oid")}
"""  # noqa: S608  constants only

_RIGHTS = """
    SELECT g.since, 'rights on function ' || g.was, 'the function has another form'
    FROM gone g WHERE g.proacl IS DISTINCT FROM (
        SELECT i.initprivs FROM pg_init_privs i
        WHERE i.objoid = g.oid AND i.classoid = 'pg_proc'::regclass)
"""

# Only of those few relations the view's own text is asked for.
_OLD_COLUMNS = f"""
    SELECT g.since, {_DESCRIBED.format("pg_class", "v.oid")},
        g.gone || ' of ' || g.relation || ' is gone'
    FROM (VALUES {_values(COLUMNS)}) AS g (since, relation, gone)
    JOIN pg_class c ON c.relname = g.relation AND EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = g.gone)
    JOIN pg_rewrite r ON r.ev_action::text ~ (':relid ' || c.oid || ' ')
    JOIN pg_class v ON v.oid = r.ev_class
    WHERE {_own("pg_class", "v.oid")} AND NOT ({_own("pg_class", "c.oid")})
    AND CASE WHEN r.ev_type = '1' THEN pg_get_viewdef(v.oid) ~ ('\\m' || g.gone || '\\M') END
"""  # noqa: S608  constants only

_OLD_EXTENSIONS = f"""
    SELECT g.since, 'extension ' || e.extname, 'it is gone'
    FROM (VALUES {_values(EXTENSIONS.items())}) AS g (name, since)
    JOIN pg_extension e ON e.extname = g.name
"""  # noqa: S608  constants only

_OLD_SETTINGS = f"""
    SELECT g.since, {_DESCRIBED.format("pg_proc", "p.oid")}, 'its setting ' || g.name || ' is gone'
    FROM (VALUES {_values(SETTINGS.items())}) AS g (name, since)
    JOIN pg_proc p ON EXISTS (SELECT FROM unnest(p.proconfig) AS s WHERE s LIKE g.name || '=%')
    WHERE {_own("pg_proc", "p.oid")}
"""  # noqa: S608  constants only

# From then on NOT NULL is a constraint with such a name, made before these.
_NAMES_TAKEN = f"""
    SELECT 18, {_DESCRIBED.format("pg_constraint", "c.oid")}, 'it has the name of a NOT NULL'
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnotnull AND NOT a.attisdropped
    WHERE (c.contype <> 'c' OR NOT c.convalidated) AND c.contype <> 'n'
    AND {_own("pg_class", "t.oid")} AND c.conname = t.relname || '_' || a.attname || '_not_null'
    UNION ALL
    SELECT 17, {_DESCRIBED.format("pg_type", "t.oid")},
        'its constraint ' || c.conname || ' has the name of a NOT NULL'
    FROM pg_constraint c JOIN pg_type t ON t.oid = c.contypid
    WHERE t.typnotnull AND c.contype <> 'n' AND c.conname = t.typname || '_not_null'
    AND {_own("pg_type", "t.oid")}
"""  # noqa: S608  constants only

_POSTFIX = f"""
    SELECT 14, {_DESCRIBED.format("pg_operator", "oid")}, 'nothing can stand after its operand'
    FROM pg_operator WHERE oprkind = 'r' AND {_own("pg_operator", "oid")}
"""  # noqa: S608  constants only

# A text is read when it is called: such a function is restored, and fails then.
_TEXTS = f"""
    SELECT g.since, {_DESCRIBED.format("pg_proc", "p.oid")},
        'its text has ' || g.word || ', ' || g.why
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang AND l.lanname IN ('sql', 'plpgsql')
    JOIN (
        SELECT DISTINCT g.since, g.name AS word, 'which is gone' AS why, '\\s*\\(' AS behind
        FROM (VALUES {_values(FUNCTIONS)}) AS g (since, extension, name, types, replaced)
        WHERE NOT g.replaced AND g.name ~ '_'
        UNION ALL
        SELECT g.since, g.word, 'which is a keyword', '\\s*\\('
        FROM (VALUES {_values(OF_EXPRESSIONS.items())}) AS g (word, since)
        WHERE EXISTS (SELECT FROM pg_proc o WHERE o.proname = g.word AND o.oid >= {_FIRST_OF_USERS})
        UNION ALL
        SELECT g.since, g.word, 'which is a keyword', '\\M'
        FROM (VALUES {_values(RESERVED.items())}) AS g (word, since)
        WHERE EXISTS (SELECT FROM pg_proc WHERE proname = g.word OR g.word = ANY (proargnames))
        OR EXISTS (SELECT FROM pg_attribute WHERE attname = g.word)
        OR EXISTS (SELECT FROM pg_class WHERE relname = g.word)
    ) AS g ON p.prosrc ~* ('(^|[^.\\w"])' || g.word || g.behind)
    WHERE {_own("pg_proc", "p.oid")}
"""  # noqa: S608  constants only


def questions(version: int) -> tuple[str, ...]:
    """Give what to ask a server of this version; each answer is since when, of what, and why."""
    trees = f"{_TREES} {_BODIES}" if version >= 140_000 else _TREES
    calls = _CALLS.format(trees=trees, first=_FIRST_OF_USERS)
    return (
        f"{_GONE} {calls}",
        f"{_GONE} {_MADE_OF}",
        f"{_GONE} {_RIGHTS}",
        _OLD_COLUMNS,
        _OLD_EXTENSIONS,
        _OLD_SETTINGS,
        _NAMES_TAKEN,
        _POSTFIX,
        _TEXTS,
        *without_path.questions(version, _FIRST_OF_USERS),
    )

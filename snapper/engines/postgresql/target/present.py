"""Whether things of certain names are in a database, asked in the dump's own bytes."""

from collections.abc import Iterable, Sequence

# By catalogue, its columns for schema and name.
_CATALOGUES = {
    "relation": (b"pg_class", b"relnamespace", b"relname"),
    "index": (b"pg_class", b"relnamespace", b"relname"),
    "statistics": (b"pg_statistic_ext", b"stxnamespace", b"stxname"),
    "type": (b"pg_type", b"typnamespace", b"typname"),
    "function": (b"pg_proc", b"pronamespace", b"proname"),
    "operator": (b"pg_operator", b"oprnamespace", b"oprname"),
    "operator class": (b"pg_opclass", b"opcnamespace", b"opcname"),
    "operator family": (b"pg_opfamily", b"opfnamespace", b"opfname"),
    "collation": (b"pg_collation", b"collnamespace", b"collname"),
    "conversion": (b"pg_conversion", b"connamespace", b"conname"),
    "text search configuration": (b"pg_ts_config", b"cfgnamespace", b"cfgname"),
    "text search dictionary": (b"pg_ts_dict", b"dictnamespace", b"dictname"),
    "text search parser": (b"pg_ts_parser", b"prsnamespace", b"prsname"),
    "text search template": (b"pg_ts_template", b"tmplnamespace", b"tmplname"),
}

_EXISTS = {
    space: b"EXISTS (SELECT FROM pg_catalog.%b c JOIN pg_catalog.pg_namespace n ON n.oid = c.%b"
    b" WHERE n.nspname = w.schema AND c.%b = w.name)" % catalogue
    for space, catalogue in _CATALOGUES.items()
}
_ANYWHERE = b" OR ".join(_EXISTS.values())
_THERE = {
    **_EXISTS,
    "relation": b"%b OR %b" % (_EXISTS["relation"], _EXISTS["type"]),
    "schema": b"EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = w.name)",
    "extension": b"EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = w.name)",
    "language": b"EXISTS (SELECT FROM pg_catalog.pg_language WHERE lanname = w.name)",
}

_PUBLISHES_ALL = b"EXISTS (SELECT FROM pg_catalog.pg_publication WHERE puballtables)"
_PUBLISHES_SCHEMA = (
    b"EXISTS (SELECT FROM pg_catalog.pg_publication_namespace m JOIN pg_catalog.pg_namespace n"
    b" ON n.oid = m.pnnspid WHERE n.nspname = %b)"
)
_SCHEMAS_ARE_PUBLISHED = 150_000
"""The first version in which a publication can be of a schema."""

_TIED = b"""
    WITH own AS (
        SELECT c.oid FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE (n.nspname, c.relname) IN (%(own)b)
    )
    SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid NOT IN (SELECT oid FROM own) AND EXISTS (
        SELECT FROM pg_catalog.pg_inherits i, own
        WHERE (i.inhrelid, i.inhparent) IN ((own.oid, c.oid), (c.oid, own.oid))
    )
"""


def are_there(things: Sequence[tuple[str, tuple[bytes, ...]]]) -> bytes:
    """Write a query that tells of each thing, in order, whether its space has one of its name.

    A table is there, too, where a type has its name. Of functions and operators it tells whether
    there is any of the name. It is null of what cannot be asked so.
    """
    spaces = sorted({space for space, _ in things} & _THERE.keys())
    cases = b" ".join(b"WHEN '%b' THEN %b" % (each.encode(), _THERE[each]) for each in spaces)
    return _of_each(b"CASE w.space %b ELSE NULL END" % cases if cases else b"NULL", things)


def are_anywhere(names: Iterable[tuple[bytes, ...]]) -> bytes:
    """Write a query that tells of each name, in order, whether anything is called so."""
    return _of_each(_ANYWHERE, [("", name) for name in names])


def is_published(schema: bytes, version: int) -> bytes:
    """Write a query that tells whether a publication takes whatever is made in a schema."""
    if version < _SCHEMAS_ARE_PUBLISHED:
        return b"SELECT " + _PUBLISHES_ALL
    return b"SELECT %b OR %b" % (_PUBLISHES_ALL, _PUBLISHES_SCHEMA % _text(schema))


def tied_to_others(tables: Iterable[tuple[bytes, ...]]) -> bytes:
    """Write a query that gives each other table whose rows are these tables' too, or theirs its."""
    own = b", ".join(b"(%b, %b)" % (_text(path[0]), _text(path[-1])) for path in tables)
    return _TIED % {b"own": own}


def _of_each(expression: bytes, things: Iterable[tuple[str, tuple[bytes, ...]]]) -> bytes:
    # However many things there are: one expression is planned for all of them.
    rows = b", ".join(
        b"(%d, '%b', %b, %b)" % (number, space.encode(), _text(path[0]), _text(path[-1]))
        for number, (space, path) in enumerate(things)
    )
    asked = b"(VALUES %b) AS w (n, space, schema, name)" % rows
    return b"SELECT (%b)::pg_catalog.bool FROM %b ORDER BY n" % (expression, asked)


def _text(name: bytes) -> bytes:
    """Write a name as a text, whatever the session says of backslashes."""
    return b"E'" + name.replace(b"\\", b"\\\\").replace(b"'", b"''") + b"'::pg_catalog.name"

"""Whether things of certain names are in a database, asked in the dump's own bytes."""

from collections.abc import Iterable

_ASKED = {
    "schema": b"EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = %b)",
    "extension": b"EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = %b)",
    "language": b"EXISTS (SELECT FROM pg_catalog.pg_language WHERE lanname = %b)",
}

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


def is_there(space: str, path: tuple[bytes, ...]) -> bytes:
    """Write an expression that is true where something of this name is in this space.

    A table is there, too, where a type has its name. Of functions and operators it tells whether
    there is any of the name. It is null of what cannot be asked so.
    """
    if space == "relation":
        one = [_named("relation", path), _named("type", path)]
        return b"(" + b" OR ".join(one) + b")"
    if space in _CATALOGUES:
        return _named(space, path)
    return _ASKED[space] % _text(path[-1]) if space in _ASKED else b"NULL"


def is_anywhere(path: tuple[bytes, ...]) -> bytes:
    """Write an expression that is true where anything is called so."""
    return b"(" + b" OR ".join(_named(each, path) for each in _CATALOGUES) + b")"


def is_published(schema: bytes, version: int) -> bytes:
    """Write an expression that is true where a publication takes whatever is made in a schema."""
    if version < _SCHEMAS_ARE_PUBLISHED:
        return _PUBLISHES_ALL
    return b"(%b OR %b)" % (_PUBLISHES_ALL, _PUBLISHES_SCHEMA % _text(schema))


def all_of(expressions: Iterable[bytes]) -> bytes:
    """Write a query that gives the values of expressions, a row for each, in order."""
    rows = b", ".join(b"(%d, %b)" % each for each in enumerate(expressions))
    return b"SELECT v::pg_catalog.bool FROM (VALUES %b) AS asked (n, v) ORDER BY n" % rows


def tied_to_others(tables: Iterable[tuple[bytes, ...]]) -> bytes:
    """Write a query that gives each other table whose rows are these tables' too, or theirs its."""
    own = b", ".join(b"(%b, %b)" % (_text(path[0]), _text(path[-1])) for path in tables)
    return _TIED % {b"own": own}


def _named(catalogue: str, path: tuple[bytes, ...]) -> bytes:
    table, schema, name = _CATALOGUES[catalogue]
    return (
        b"EXISTS (SELECT FROM pg_catalog.%b c JOIN pg_catalog.pg_namespace n ON n.oid = c.%b"
        b" WHERE n.nspname = %b AND c.%b = %b)"
        % (table, schema, _text(path[0]), name, _text(path[-1]))
    )


def _text(name: bytes) -> bytes:
    """Write a name as a text, whatever the session says of backslashes."""
    return b"E'" + name.replace(b"\\", b"\\\\").replace(b"'", b"''") + b"'::pg_catalog.name"

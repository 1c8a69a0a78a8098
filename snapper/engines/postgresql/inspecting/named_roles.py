"""The roles that a dump names: those that own something in it, or have a right on it."""

from collections.abc import Iterator

from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.postgresql.naming.encoding import names_as_they_are, read_name

# The server keeps no account of what its first role has: that one owns what PostgreSQL made.
_FIRST = 10

# Objects that are nobody's but who made them: not PostgreSQL's own, and not of an extension.
_MADE = """
    {0}.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.{0}'::pg_catalog.regclass
        AND d.objid = {0}.oid AND d.deptype = 'e')
"""

# A type of ranges has functions that belong to whoever made it, and are in no dump.
_NO_CONSTRUCTOR = """
    NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
        AND d.objid = pg_proc.oid AND d.deptype = 'i')
"""

_OWNED = {  # catalogue: its owner, its rights, what of it a dump does not hold by itself
    "pg_class": ("relowner", "relacl", "relkind NOT IN ('i', 'I', 't') AND relpersistence <> 't'"),
    "pg_collation": ("collowner", "", ""),
    "pg_conversion": ("conowner", "", ""),
    "pg_event_trigger": ("evtowner", "", ""),
    "pg_foreign_data_wrapper": ("fdwowner", "fdwacl", ""),
    "pg_foreign_server": ("srvowner", "srvacl", ""),
    "pg_language": ("lanowner", "lanacl", ""),
    "pg_namespace": ("nspowner", "nspacl", "nspname !~ '^pg_'"),
    "pg_opclass": ("opcowner", "", ""),
    "pg_operator": ("oprowner", "", ""),
    "pg_opfamily": ("opfowner", "", ""),
    "pg_proc": ("proowner", "proacl", _NO_CONSTRUCTOR),
    "pg_publication": ("pubowner", "", ""),
    "pg_statistic_ext": ("stxowner", "", ""),
    "pg_ts_config": ("cfgowner", "", ""),
    "pg_ts_dict": ("dictowner", "", ""),
    "pg_type": ("typowner", "typacl", "typrelid = 0 AND typcategory <> 'A' AND typtype <> 'm'"),
}

_GRANTED = f"EXISTS (SELECT FROM pg_catalog.aclexplode({{}}) WHERE grantee = {_FIRST})"

# What has no number of its own, or may have a small one.
_OTHERS = (
    f"pg_largeobject_metadata WHERE lomowner = {_FIRST} OR {_GRANTED.format('lomacl')}",
    f"pg_default_acl WHERE defaclrole = {_FIRST} OR {_GRANTED.format('defaclacl')}",
    f"pg_attribute WHERE attrelid >= 16384 AND {_GRANTED.format('attacl')}",
    f"pg_policy WHERE {_FIRST} = ANY (polroles)",
    f"pg_subscription WHERE subowner = {_FIRST} AND subdbid = (SELECT oid"  # noqa: S608  constants
    " FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())",
    # Since 15 the schema has another owner by itself; before, no dump says who owns it.
    f"pg_namespace WHERE nspname = 'public' AND nspowner = {_FIRST}"
    " AND pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 150000",
)

# Some take the right to read it away from everybody, which stops no pg_dump.
_MAPPINGS = "pg_user_mappings"
_MAY_READ = f"SELECT pg_catalog.has_table_privilege('pg_catalog.{_MAPPINGS}', 'SELECT')"

# Who owns an extension, or what is in it, is in no dump.
_NOTED = """
    SELECT refobjid FROM pg_catalog.pg_shdepend s
    WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
    AND dbid = (SELECT oid FROM pg_catalog.pg_database
        WHERE datname = pg_catalog.current_database())
    AND NOT (deptype = 'o' AND (classid = 'pg_catalog.pg_extension'::pg_catalog.regclass
        OR EXISTS (SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = s.classid AND d.objid = s.objid AND d.deptype = 'e')))
"""


def named_roles(cursor: Cursor) -> tuple[str, ...]:
    r"""Ask for the roles that a dump of the cursor's database names, in order.

    A name that another database of the server has written in its own encoding is given with each
    byte that is none here as `\xfc`.
    """
    cursor.execute(_MAY_READ)
    (mappings,) = cursor.fetchone()
    asked = [*_of_the_first(), *([f"{_MAPPINGS} WHERE umuser = {_FIRST}"] if mappings else [])]
    first = " OR ".join(f"EXISTS (SELECT FROM pg_catalog.{each})" for each in asked)
    with names_as_they_are(cursor.connection):
        cursor.execute(
            "SELECT pg_catalog.namesend(rolname) FROM pg_catalog.pg_roles"  # noqa: S608  constants
            f" WHERE oid IN ({_NOTED}) OR oid = {_FIRST} AND ({first})"
        )
        found = [read_name(bytes(name), cursor.connection) for (name,) in cursor.fetchall()]
    return tuple(sorted(found))


def _of_the_first() -> Iterator[str]:
    for table, (owner, rights, which) in _OWNED.items():
        has = f"{owner} = {_FIRST}"
        if rights:
            has = f"({has} OR {_GRANTED.format(rights)})"
        yield f"{table} WHERE " + " AND ".join(filter(None, (has, which, _MADE.format(table))))
    yield from _OTHERS

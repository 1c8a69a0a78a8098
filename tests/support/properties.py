"""Databases on which something is set in every way there is."""

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.properties import Locale, Properties, Right, Setting
from snapper.engines.postgresql.inspecting.read_properties import read_properties
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.values.redaction import Redactor
from tests.support.databases import Source

SECRET = "s3cr3t-of-the-app"

USUAL = (
    Right("", "CONNECT", grantable=False),
    Right("", "TEMPORARY", grantable=False),
    Right("postgres", "CONNECT", grantable=False),
    Right("postgres", "CREATE", grantable=False),
    Right("postgres", "TEMPORARY", grantable=False),
)
UNSET = Properties("postgres", Locale("libc", "C", "C", "", ""), -1, "", USUAL, ())
SAMPLE = Properties(
    'the "owner"',
    Locale("icu", "C", "C.utf8", "de-AT", "&a < b"),
    3,
    "it's a\ncomment",
    (Right("", "TEMPORARY", grantable=False), Right("reader", "CONNECT", grantable=True)),
    (Setting("", "app.jwt_secret", SECRET), Setting("reader", "work_mem", "64MB")),
    is_template=True,
)

SQL = rf"""
ALTER DATABASE :name SET search_path TO app, public, "$user", "with ""quotes"", and comma";
ALTER DATABASE :name SET work_mem TO '64MB';
ALTER DATABASE :name SET app.jwt_secret TO '{SECRET}''\ "é"=';
ALTER DATABASE :name SET default_transaction_read_only TO on;
ALTER DATABASE :name SET statement_timeout TO '20s';
ALTER DATABASE :name SET session_preload_libraries TO auto_explain;
ALTER ROLE "Mr. Prop's" IN DATABASE :name SET DateStyle TO 'German, DMY';
ALTER ROLE "Mr. Prop's" IN DATABASE :name SET search_path TO '';
ALTER ROLE "Mr. Prop's" IN DATABASE :name SET app.mine TO '';
COMMENT ON DATABASE :name IS E'it''s a \\ "comment"\nof two lines';
ALTER DATABASE :name CONNECTION LIMIT 7;
REVOKE CONNECT ON DATABASE :name FROM PUBLIC;
GRANT CREATE ON DATABASE :name TO "Mr. Prop's" WITH GRANT OPTION;
GRANT CONNECT ON DATABASE :name TO "Mr. Prop's";
ALTER DATABASE :name OWNER TO "Prop owner";
REVOKE TEMPORARY ON DATABASE :name FROM "Prop owner";
"""
ROLES = ("Mr. Prop's", "Prop owner")


def decorate(made: Source) -> Source:
    """Set on a database all that can be set."""
    admin = Source(made.server, "postgres")
    for role in ROLES:
        if not admin.rows(f"SELECT FROM pg_roles WHERE rolname = $${role}$$"):
            admin.run(f'CREATE ROLE "{role}"')
    for statement in SQL.replace(":name", f'"{made.name}"').split(";\n"):
        if statement.strip():
            admin.run(statement)
    return made


def strip_roles(server: PostgresServer, names: tuple[str, ...] = ROLES) -> None:
    """Take the roles from a server on which the databases that they are named in are."""
    admin = Source(server, "postgres")
    for (name,) in admin.rows("SELECT datname FROM pg_database WHERE datallowconn"):
        for role in names:
            Source(server, str(name)).run(
                f'SET default_transaction_read_only = off; REASSIGN OWNED BY "{role}" TO postgres;'
                f' DROP OWNED BY "{role}"'
            )
    for role in names:
        admin.run(f'DROP ROLE "{role}"')


def properties_of(source: Source) -> Properties:
    """Read what is set on the database now."""
    with asking(Connection.parse(source.server.dsn()), Redactor()) as cursor:
        found = read_properties(cursor, source.name)
    assert found is not None
    return found

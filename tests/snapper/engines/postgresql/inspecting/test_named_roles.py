"""A backup names the roles that its dump names, and no other: all of them must be on the target."""

import re
from collections.abc import Callable

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.server import inspect
from snapper.values.redaction import Redactor
from tests.support.databases import Source
from tests.support.few import few
from tests.support.restores import plain_dump

FIRST = "postgres"

# What the server's first role may have in a database that is somebody else's. PostgreSQL keeps no
# account of it.
HAS = [
    "CREATE TABLE t (n int)",
    "CREATE VIEW v AS SELECT 1 AS n",
    "CREATE SEQUENCE s",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE AGGREGATE a (int) (SFUNC = int4larger, STYPE = int)",
    "CREATE TYPE mood AS ENUM ('happy')",
    "CREATE TYPE pair AS (a int, b int)",
    "CREATE TYPE span AS RANGE (SUBTYPE = int)",
    "CREATE DOMAIN percent AS int",
    "CREATE OPERATOR ### (FUNCTION = int4pl, LEFTARG = int, RIGHTARG = int)",
    "CREATE OPERATOR FAMILY family USING btree",
    "CREATE COLLATION mine FROM \"C\"",
    "CREATE CONVERSION mine FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
    "CREATE FOREIGN DATA WRAPPER w",
    "CREATE PUBLICATION p FOR ALL TABLES",
    "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1' PUBLICATION p WITH (connect = false)",
    "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple)",
    "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)",
    "CREATE FOREIGN DATA WRAPPER w; ALTER FOREIGN DATA WRAPPER w OWNER TO postgres;"
    "CREATE SERVER f FOREIGN DATA WRAPPER w; GRANT ALL ON FOREIGN DATA WRAPPER w TO named_app;"
    "ALTER SERVER f OWNER TO named_app; CREATE USER MAPPING FOR postgres SERVER f",
    "SELECT lo_from_bytea(7, 'x')",
    "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
    "ALTER FUNCTION f() OWNER TO named_app;"
    "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()",
    "CREATE TABLE t (n int); ALTER TABLE t OWNER TO named_app;"
    "CREATE STATISTICS st ON n, (n + 1) FROM t",
    "CREATE TABLE t (n int); ALTER TABLE t OWNER TO named_app;"
    "SET ROLE named_app; GRANT SELECT ON t TO postgres",
    "CREATE TABLE t (n int); ALTER TABLE t OWNER TO named_app;"
    "SET ROLE named_app; GRANT SELECT (n) ON t TO postgres",
    "CREATE TABLE t (n int); ALTER TABLE t OWNER TO named_app;"
    "CREATE POLICY only_he ON t TO postgres USING (n > 0)",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO named_app",
    "ALTER DEFAULT PRIVILEGES FOR ROLE named_app GRANT SELECT ON TABLES TO postgres",
    "ALTER SCHEMA public OWNER TO postgres",
]  # fmt: skip
HAS_NOT = [
    "SELECT 1",
    "CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION pg_stat_statements",
    "CREATE EXTENSION postgres_fdw",
    "CREATE TABLE t (n int PRIMARY KEY, s text); ALTER TABLE t OWNER TO named_app",
    "CREATE TYPE span AS RANGE (SUBTYPE = int); ALTER TYPE span OWNER TO named_app",
]


@pytest.fixture
def of_the_app(source: Callable[..., Source]) -> Callable[[int, str], Source]:
    """Give a database that belongs to a role that is no superuser, with SQL that one has run."""

    def make(major: int, sql: str) -> Source:
        made = source(major, "DO $$ BEGIN CREATE ROLE named_app;"
                      " EXCEPTION WHEN duplicate_object THEN NULL; END $$")  # fmt: skip
        made.run(f'ALTER DATABASE "{made.name}" OWNER TO named_app')
        made.run(sql)
        return made

    return make


def named(made: Source) -> tuple[str, ...]:
    return inspect(Connection.parse(made.dsn), Redactor()).roles


def dumped(made: Source, tools: ClientTools) -> bool:
    """Tell whether the dump names the first role, other than in its own remarks."""
    sql = re.sub(rb"^--.*$", b"", plain_dump(tools, made.server.major, made.dsn), flags=re.M)
    return re.search(rb"\bpostgres\b", sql) is not None


@pytest.mark.parametrize(
    ("major", "sql"),
    few(
        [
            # Every third on the newest alone; all of them, on both, in the long run.
            pytest.param(
                major, sql, marks=[] if major == 18 and number % 3 == 0 else pytest.mark.long
            )
            for major in (14, 18)
            for number, sql in enumerate([*HAS, *HAS_NOT])
        ],
        2,
    ),
)
def test_the_first_role_is_named_where_the_dump_names_it(
    major: int, sql: str, of_the_app: Callable[[int, str], Source], tools: ClientTools
) -> None:
    made = of_the_app(major, sql)
    assert (FIRST in named(made)) == dumped(made, tools)


@pytest.mark.parametrize("sql", HAS_NOT)
def test_what_is_an_extensions_or_an_apps_is_not_the_first_roles(
    sql: str, of_the_app: Callable[[int, str], Source]
) -> None:
    assert FIRST not in named(of_the_app(18, sql))


def test_who_is_no_superuser_is_answered_too(of_the_app: Callable[[int, str], Source]) -> None:
    make = "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER f FOREIGN DATA WRAPPER w;"
    made = of_the_app(18, make + "ALTER ROLE named_app LOGIN PASSWORD 'pw'")
    connection = Connection.parse(made.as_role("named_app", "pw"))
    assert FIRST in inspect(connection, Redactor()).roles


def test_who_owns_an_extension_need_not_be_on_the_target(source: Callable[..., Source]) -> None:
    made = source(18, "CREATE ROLE owns_extension SUPERUSER LOGIN PASSWORD 'pw'")
    try:
        made.run("SET ROLE owns_extension; CREATE EXTENSION hstore")
        assert "owns_extension" not in named(made)
    finally:
        made.run("DROP OWNED BY owns_extension; DROP ROLE owns_extension")


@pytest.mark.parametrize("encoding", few(["UTF8", "LATIN1", "WIN1252", "EUC_JP", "SQL_ASCII"], 2))
def test_a_name_in_another_encoding_is_read(encoding: str, source: Callable[..., Source]) -> None:
    """Of a database of this encoding, where its bytes may be no characters."""
    server = source().server
    admin = Source(server, "postgres")
    one, other = (Source(server, f"{each} of names") for each in ("other", "one"))
    make = "CREATE DATABASE \"{}\" TEMPLATE template0 ENCODING '{}' LOCALE 'C'"
    admin.run(make.format(one.name, encoding))
    admin.run(make.format(other.name, "LATIN1"))
    other.run("SET client_encoding = 'UTF8'; CREATE ROLE \"m\u00fcll\u0081er\"")
    try:
        one.run("CREATE TABLE t (n int)")
        one.run(
            "DO $$ BEGIN EXECUTE format('GRANT SELECT ON t TO %I', (SELECT rolname FROM pg_roles"
            " ORDER BY oid DESC LIMIT 1)); END $$"
        )
        (name,) = set(named(one)) - {FIRST}
        assert name == ("m\u00fcll\u0081er" if encoding == "LATIN1" else r"m\xfcll\x81er").replace(
            r"\xfc", "\u00fc" if encoding == "WIN1252" else r"\xfc"
        )
    finally:
        for each in (one, other):
            admin.run(f'DROP DATABASE "{each.name}" WITH (FORCE)')
        role = admin.rows("SELECT pg_catalog.max(oid) FROM pg_roles")
        assert role
        Source(server, "template1").run(
            "DO $$ BEGIN EXECUTE format('DROP ROLE %I', (SELECT rolname FROM pg_roles"
            " ORDER BY oid DESC LIMIT 1)); END $$"
        )

"""What pg_dump leaves out is what is said to be left out, and nothing else is."""

import itertools
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.pg_dump import pg_dump_command
from snapper.engines.postgresql.inspecting.server import inspect
from snapper.engines.postgresql.omitting.omitted import from_part, to_part
from snapper.values.omission import Omission
from snapper.values.options import Options
from snapper.values.redaction import Redactor
from tests.support.databases import Source
from tests.support.standby import standby

_NUMBERS = itertools.count(1)
_MAPPING = (
    "CREATE EXTENSION postgres_fdw; CREATE SERVER depot FOREIGN DATA WRAPPER postgres_fdw;"
    "CREATE USER MAPPING FOR PUBLIC SERVER depot OPTIONS (user 'mark_4711', password 'x');"
)
_MEMBER = "CREATE EXTENSION hstore; CREATE TABLE conf (n int, t text DEFAULT 'x');"
_SETTING = (
    "UPDATE pg_extension SET extconfig = ARRAY['conf'::regclass::oid], extcondition = ARRAY['']"
    " WHERE extname = 'hstore';"
)
_TRIGGER = (
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
    "CREATE TRIGGER mark_4711 AFTER INSERT ON conf EXECUTE FUNCTION f();"
)


def look(dsn: str) -> dict[str, Omission]:
    """Give what the server says would be left out, by kind."""
    return {each.kind: each for each in inspect(Connection.parse(dsn), Redactor()).omitted}


def dump(dsn: str, major: int, tools: ClientTools) -> str:
    """Give what pg_dump itself writes."""
    connection = Connection.parse(dsn)
    return subprocess.run(
        pg_dump_command(tools, major, connection, "UTF8"),
        env={**tools.environment(), **connection.environment()},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("major", [pytest.param(14, marks=pytest.mark.long), 18])
@pytest.mark.parametrize(
    ("kind", "sql", "name"),
    [
        (
            "extension_rows",
            f"{_MEMBER} INSERT INTO conf VALUES (1, 'mark_4711');"
            "ALTER EXTENSION hstore ADD TABLE conf",
            "public.conf",
        ),
        (
            "extension_sequences",
            "CREATE EXTENSION hstore; CREATE SEQUENCE s; SELECT setval('s', 4711);"
            "ALTER EXTENSION hstore ADD SEQUENCE s",
            "public.s",
        ),
        (
            "extension_triggers",
            f"{_MEMBER} ALTER EXTENSION hstore ADD TABLE conf; {_TRIGGER}",
            "public.conf.mark_4711",
        ),
        (
            "extension_user_mappings",
            f"{_MAPPING} ALTER EXTENSION postgres_fdw ADD SERVER depot",
            "depot for public",
        ),
        (
            "foreign_key_triggers",
            "CREATE TABLE a (n int PRIMARY KEY); CREATE TABLE b (n int CONSTRAINT k REFERENCES a);"
            "ALTER TABLE b DISABLE TRIGGER ALL",
            "public.b.k",
        ),
        (
            "invalid_indexes",
            "CREATE TABLE t (n int); CREATE INDEX mark_4711 ON t (n);"
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'mark_4711'::regclass",
            "public.mark_4711",
        ),
        (
            "system_schemas",
            "CREATE TABLE information_schema.mark_4711 AS SELECT 1 AS n",
            "information_schema.mark_4711",
        ),
        (
            "system_schemas",
            "CREATE FUNCTION pg_catalog.mark_4711() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "pg_catalog.mark_4711",
        ),
        (
            "system_schemas",
            "CREATE DOMAIN information_schema.mark_4711 AS int",
            "information_schema.mark_4711",
        ),
        (
            "database_labels",
            "INSERT INTO pg_shseclabel (objoid, classoid, provider, label)"
            " SELECT oid, 'pg_database'::regclass, 'guard', 'mark_4711' FROM pg_database"
            " WHERE datname = current_database()",
            "guard",
        ),
    ],
)
def test_what_is_missing_in_the_dump_is_named(
    kind: str,
    sql: str,
    name: str,
    major: int,
    source: Callable[..., Source],
    tools: ClientTools,
) -> None:
    made = source(major, sql)
    found = look(made.dsn)
    assert [*found] == [kind]
    assert found[kind].objects == (name,)
    assert name in found[kind].fact
    assert "4711" not in dump(made.dsn, major, tools)
    if kind == "database_labels":
        made.run("DELETE FROM pg_shseclabel")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE EXTENSION hstore; CREATE EXTENSION pg_stat_statements; CREATE EXTENSION citext",
        f"{_MEMBER} ALTER EXTENSION hstore ADD TABLE conf",
        f"{_MEMBER} INSERT INTO conf VALUES (1); ALTER EXTENSION hstore ADD TABLE conf; {_SETTING}",
        "CREATE EXTENSION hstore; CREATE SCHEMA s; ALTER EXTENSION hstore ADD SCHEMA s;"
        "CREATE TABLE s.t AS SELECT 1 AS n",
        "CREATE UNLOGGED TABLE u AS SELECT 1 AS n; CREATE TEMP TABLE x (n int)",
        "CREATE TABLE p (n int PRIMARY KEY) PARTITION BY RANGE (n);"
        "CREATE TABLE p1 PARTITION OF p DEFAULT; CREATE INDEX i ON ONLY p (n, n)",
        _MAPPING,
        "CREATE TYPE r AS RANGE (subtype = int); CREATE TYPE c AS (n int); SELECT lo_creat(-1)",
        "CREATE SUBSCRIPTION news CONNECTION 'dbname=elsewhere' PUBLICATION p"
        " WITH (connect = false, slot_name = NONE)",
    ],
    ids=[
        "extensions",
        "an empty table of an extension",
        "its settings",
        "a table in its schema",
        "unlogged and temporary",
        "partitions",
        "user mappings for a superuser",
        "types and large objects",
        "subscriptions for a superuser",
    ],
)
def test_nothing_is_said_of_what_is_in_the_dump_or_nobodys_loss(
    sql: str, source: Callable[..., Source]
) -> None:
    made = source(18, sql)
    try:
        assert look(made.dsn) == {}
    finally:
        if "SUBSCRIPTION" in sql:
            made.run("DROP SUBSCRIPTION news")


@pytest.fixture
def reader(source: Callable[..., Source]) -> Iterator[tuple[Source, str]]:
    """Give a database with what only some roles see, and a role that may read all of its tables."""
    role = f"onlooker_{next(_NUMBERS)}"
    made = source(
        17,
        f"CREATE ROLE {role} LOGIN PASSWORD 'pw'; GRANT pg_read_all_data TO {role};"
        f"{_MAPPING} CREATE USER MAPPING FOR {role} SERVER depot OPTIONS (user 'mark_4711');"
        "CREATE SUBSCRIPTION mark_4711 CONNECTION 'dbname=elsewhere' PUBLICATION p"
        " WITH (connect = false, slot_name = NONE)",
    )
    yield made, role
    made.run(f"DROP SUBSCRIPTION mark_4711; DROP OWNED BY {role} CASCADE; DROP ROLE {role} ")


def test_what_only_superusers_see_is_named_to_others(
    reader: tuple[Source, str], tools: ClientTools
) -> None:
    source, role = reader
    dsn = source.as_role(role, "pw")
    found = look(dsn)
    assert [*found] == ["user_mapping_options", "subscriptions"]
    assert found["user_mapping_options"].objects == (f"depot for {role}", "depot for public")
    assert found["subscriptions"].objects == ("mark_4711",)
    assert "4711" not in dump(dsn, 17, tools)
    source.run(f"GRANT USAGE ON FOREIGN SERVER depot TO {role}")
    assert look(dsn)["user_mapping_options"].objects == ("depot for public",)
    assert dump(dsn, 17, tools).count("4711") == 1
    source.run(f"ALTER SERVER depot OWNER TO {role}; GRANT USAGE ON FOREIGN SERVER depot TO {role}")
    assert [*look(dsn)] == ["subscriptions"]


def test_a_foreign_table_is_named_for_its_rows_lie_elsewhere(
    source: Callable[..., Source],
) -> None:
    made = source(
        17,
        "CREATE EXTENSION postgres_fdw; CREATE SERVER depot FOREIGN DATA WRAPPER postgres_fdw;"
        "CREATE TABLE p (n int) PARTITION BY LIST (n);"
        "CREATE FOREIGN TABLE far PARTITION OF p DEFAULT SERVER depot",
    )
    assert look(made.dsn)["foreign_rows"].objects == ("public.far",)


def test_a_standby_has_no_rows_of_unlogged_tables(run_dir: Path, tools: ClientTools) -> None:
    sql = (
        "CREATE TABLE kept AS SELECT 1 AS n; CREATE UNLOGGED TABLE sessions (n bigserial, t text);"
        "INSERT INTO sessions (t) VALUES ('mark_4711'); CREATE UNLOGGED SEQUENCE s"
    )
    with standby(17, run_dir / "unlogged", sql) as copy:
        found = look(copy.dsn)
        assert [*found] == ["unlogged_rows"]
        assert found["unlogged_rows"].objects[0] == "public.s"
        assert "public.sessions" in found["unlogged_rows"].objects
        text = dump(copy.dsn, 17, tools)
    assert 'COPY "public"."kept"' in text
    assert "4711" not in text


def test_a_question_that_is_refused_stops_no_backup(source: Callable[..., Source]) -> None:
    made = source(17, "CREATE ROLE curious LOGIN PASSWORD 'pw'")
    made.run("REVOKE SELECT ON pg_user_mappings FROM PUBLIC")
    try:
        found = look(made.as_role("curious", "pw"))
        assert [each.count for each in found.values()] == [0, 0]
        assert "is not known" in found["user_mapping_options"].fact
    finally:
        made.run("DROP ROLE curious")


@pytest.mark.long
def test_a_table_that_is_locked_keeps_nobody_waiting(source: Callable[..., Source]) -> None:
    made = source(17, f"{_MEMBER} ALTER EXTENSION hstore ADD TABLE conf")
    with made.locked("conf"):
        assert look(made.dsn)["extension_rows"].count == 0


def test_a_hundred_names_are_kept_and_all_are_counted(source: Callable[..., Source]) -> None:
    made = source(
        17,
        "CREATE EXTENSION file_fdw; CREATE SERVER s FOREIGN DATA WRAPPER file_fdw;"
        "DO $$ BEGIN FOR n IN 1..120 LOOP EXECUTE format('CREATE FOREIGN TABLE f%s (n int) SERVER"
        " s OPTIONS (filename ''/none'')', n); END LOOP; END $$",
    )
    (found,) = look(made.dsn).values()
    assert (len(found.objects), found.count) == (100, 120)
    assert found.fact.startswith("not in the backup: the rows of foreign tables: public.f1, ")
    assert "and 115 more" in found.fact
    assert from_part(to_part([found])) == (found,)


def test_what_an_option_leaves_out_is_not_said_twice(source: Callable[..., Source]) -> None:
    made = source(
        17,
        "CREATE EXTENSION file_fdw; CREATE SERVER s FOREIGN DATA WRAPPER file_fdw;"
        "CREATE SCHEMA gone; CREATE FOREIGN TABLE gone.f (n int) SERVER s OPTIONS (filename '/x');"
        f"{_MEMBER} INSERT INTO conf VALUES (1); ALTER EXTENSION hstore ADD TABLE conf",
    )
    chosen = Options(exclude_schemas=("gone",), exclude_table_data=("public.conf",))
    assert {*look(made.dsn)} == {"foreign_rows", "extension_rows"}
    connection = Connection.parse(made.dsn)
    assert inspect(connection, Redactor(), options=chosen).omitted == ()


def test_a_kind_of_a_newer_release_is_passed_on() -> None:
    (found,) = from_part([{"kind": "wishes", "objects": ["x"], "count": 1}])
    assert found.fact == "not in the backup: wishes: x: a newer Snapper knows why"
    assert to_part([found]) == [{"kind": "wishes", "objects": ["x"], "count": 1}]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        [1],
        [{"kind": "a b", "objects": [], "count": 0}],
        [{"kind": "a", "objects": "x", "count": 0}],
        [{"kind": "a", "objects": [1], "count": 1}],
        [{"kind": "a", "objects": ["x"], "count": -1}],
        [{"kind": "a", "objects": ["x"] * 101, "count": 101}],
    ],
)
def test_what_is_not_as_it_was_written_is_refused(wrong: object) -> None:
    with pytest.raises((TypeError, KeyError, ValueError)):
        from_part(wrong)

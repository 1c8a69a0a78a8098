"""What a dump names too early, or without its schema, is run when and where it is found."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.loading import kept
from snapper.engines.postgresql.reading import statements
from snapper.errors import RestoreFailed
from snapper.values.options import Options
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import restore
from tests.support.anew import Anew, beside
from tests.support.databases import Source, job
from tests.support.engines import postgresql
from tests.support.restores import EMPTY

MAJORS = [pytest.param(14, marks=pytest.mark.long), 18]


UNQUALIFIED = """
    CREATE SCHEMA app;
    CREATE FUNCTION app.slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
    CREATE FUNCTION app.path_of(text) RETURNS text LANGUAGE plpgsql IMMUTABLE
        AS $$ BEGIN RETURN '/' || slug($1); END $$;
    CREATE FUNCTION app.known() RETURNS SETOF int LANGUAGE plpgsql
        AS $$ BEGIN RETURN QUERY SELECT id FROM pages; END $$;
    ALTER DATABASE :name SET search_path TO app, public;
    SET search_path TO app, public;
    CREATE TABLE app.pages (id int PRIMARY KEY, title text CHECK (app.path_of(title) <> ''),
        path text GENERATED ALWAYS AS (app.path_of(title)) STORED);
    INSERT INTO app.pages (id, title) VALUES (1, 'First'), (2, 'Second');
"""
# From 17 on the server itself builds these with an empty path.
UNQUALIFIED_TO_16 = """
    CREATE INDEX pages_path ON app.pages (app.path_of(title));
    CREATE MATERIALIZED VIEW app.all_pages AS SELECT * FROM app.known() AS id;
"""


@pytest.mark.parametrize("major", MAJORS)
def test_names_without_a_schema_are_found_on_the_path_of_the_source(
    major: int, source: Callable[..., Source], anew: Anew
) -> None:
    made = source(major, EMPTY)
    made.run(UNQUALIFIED.replace(":name", f'"{made.name}"'))
    named = ["rows app.pages"]
    if major < 17:
        made.run(UNQUALIFIED_TO_16)
        named += ["index pages_path on app.pages", "app.all_pages"]
    target = beside(made, "unqualified")
    found = anew(made, target.dsn)
    assert target.rows("SELECT path FROM app.pages ORDER BY 1") == [("/first",), ("/second",)]
    if major < 17:
        assert target.rows("SELECT count(*) FROM app.all_pages") == [(2,)]
    told = " ".join(found.warnings)
    for what in named:
        assert f"{what} names things without their schema: restored with search_path app" in told


def test_the_same_holds_within_the_one_transaction_of_a_database_that_is_there(
    source: Callable[..., Source], dumper: Dumper, tools: ClientTools
) -> None:
    made = source(18, EMPTY)
    made.run(UNQUALIFIED.replace(":name", f'"{made.name}"'))
    backup = dumper.dump(job(), made.database())
    assert backup is not None
    target = source(18, EMPTY)
    found = restore(dumper.vault, backup, target.dsn, postgresql(tools))
    assert target.rows("SELECT path FROM app.pages ORDER BY 1") == [("/first",), ("/second",)]
    assert "rows app.pages names things" in " ".join(found.warnings)


LATER = """
    CREATE TABLE zz (id int); INSERT INTO zz VALUES (1);
    CREATE FUNCTION there(int) RETURNS boolean LANGUAGE plpgsql
        AS $$ BEGIN RETURN EXISTS (SELECT FROM public.zz WHERE id = $1); END $$;
    CREATE TABLE aa (zz int CHECK (there(zz))); INSERT INTO aa VALUES (1);
    CREATE TABLE bb (aa int PRIMARY KEY); INSERT INTO bb VALUES (1);
    CREATE UNIQUE INDEX ON aa (zz);
    ALTER TABLE bb ADD FOREIGN KEY (aa) REFERENCES aa (zz);
    CREATE FUNCTION frozen() RETURNS event_trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'the schema is frozen'; END $$;
    CREATE MATERIALIZED VIEW m AS SELECT * FROM aa;
    CREATE EVENT TRIGGER no_ddl ON ddl_command_start EXECUTE FUNCTION frozen();
"""


@pytest.mark.parametrize("major", MAJORS)
def test_what_comes_too_early_is_done_when_the_rest_is_there(
    major: int, source: Callable[..., Source], anew: Anew
) -> None:
    made = source(major, LATER)
    target = beside(made, "later")
    assert anew(made, target.dsn).left_out == ()
    assert target.rows("SELECT (SELECT count(*) FROM aa), (SELECT count(*) FROM m)") == [(1, 1)]
    assert target.rows("SELECT evtname FROM pg_event_trigger") == [("no_ddl",)]


def test_a_view_over_row_security_is_filled_and_that_is_told(
    source: Callable[..., Source], anew: Anew
) -> None:
    made = source(
        17,
        "CREATE ROLE rows_of; CREATE ROLE reports; CREATE TABLE t AS SELECT 1 AS n;"
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (true);"
        "ALTER TABLE t OWNER TO rows_of; GRANT SELECT ON t TO reports;"
        "CREATE MATERIALIZED VIEW m AS SELECT * FROM t; ALTER MATERIALIZED VIEW m OWNER TO reports",
    )
    target = beside(made, "secured")
    found = anew(made, target.dsn)
    assert target.rows("SELECT n FROM m") == [(1,)]
    assert "public.m was filled with row_security on" in " ".join(found.warnings)
    for each in (made, target):
        each.run("DROP MATERIALIZED VIEW m; DROP TABLE t")
    replace(made, name="postgres").run("DROP ROLE rows_of; DROP ROLE reports")


def test_the_cause_is_told_and_not_what_comes_of_it(
    source: Callable[..., Source], dumper: Dumper, tools: ClientTools
) -> None:
    made = source(
        17,
        "CREATE SCHEMA gone; CREATE TYPE gone.mood AS ENUM ('fine');"
        "CREATE TABLE days (mood gone.mood); INSERT INTO days VALUES ('fine')",
    )
    options = Options(exclude_schemas=("gone",))
    backup = dumper.dump(job(), replace(made.database(), options=options))
    assert backup is not None
    with pytest.raises(RestoreFailed, match=r"table public\.days: schema \"gone\" does not exist"):
        restore(dumper.vault, backup, source(17, EMPTY).dsn, postgresql(tools))


def test_a_view_whose_owner_may_not_read_any_more_stays_unfilled_and_stops_nothing(
    source: Callable[..., Source], anew: Anew
) -> None:
    made = source(
        17,
        "CREATE ROLE reads; CREATE TABLE t AS SELECT 1 AS n;"
        "GRANT SELECT ON t TO reads; CREATE MATERIALIZED VIEW m AS SELECT * FROM t;"
        "ALTER MATERIALIZED VIEW m OWNER TO reads; REVOKE SELECT ON t FROM reads",
    )
    target = beside(made, "unread")
    try:
        (left,) = anew(made, target.dsn).left_out
        assert (left.name, left.sqlstate) == ("public.m", "42501")
        assert left.reason == "it stays unfilled: permission denied for table t"
        assert target.rows("SELECT n FROM t") == [(1,)]
    finally:
        for each in (made, target):
            each.run("DROP MATERIALIZED VIEW m")
        replace(made, name="postgres").run("DROP ROLE reads")


def test_a_statement_that_no_server_takes_is_not_gathered(
    source: Callable[..., Source], anew: Anew, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = source(17, f"COMMENT ON SCHEMA public IS '{'x' * 3_000_000}'")
    monkeypatch.setattr(statements, "LONGEST_HELD", 10_000)
    monkeypatch.setattr(kept, "LONGEST", 50_000)
    with pytest.raises(RestoreFailed, match="a statement of more than 50000 bytes"):
        anew(made, beside(made, "long").dsn)


def test_a_schema_that_was_made_beforehand_with_its_extension_is_in_nobodys_way(
    source: Callable[..., Source], dumper: Dumper, tools: ClientTools
) -> None:
    extended = "CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions;"
    made = source(17, f"{extended} CREATE TABLE t AS SELECT 'A'::extensions.citext AS c")
    backup = dumper.dump(job(), made.database())
    assert backup is not None
    target = source(17, extended)
    (left,) = restore(dumper.vault, backup, target.dsn, postgresql(tools)).left_out
    assert (left.kind, left.name, left.sqlstate) == ("schema", "extensions", "42P06")
    assert target.rows("SELECT c::text FROM t") == [("A",)]
    with pytest.raises(RestoreFailed, match=r"table public\.t: relation .* already exists"):
        restore(dumper.vault, backup, target.dsn, postgresql(tools))

"""Rows that need others first are restored, whatever a function says of it."""

from collections.abc import Callable

import pytest

from snapper.engines.facts import Restoration, RestoreOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from tests.support.anew import Anew, beside
from tests.support.databases import Source
from tests.support.engines import postgresql
from tests.support.restores import EMPTY, plain_dump

MAJORS = [pytest.param(14, marks=pytest.mark.long), 18]

NEEDS_OTHERS = """
    CREATE TABLE zz AS SELECT 1 AS n;
    CREATE FUNCTION shared(int) RETURNS boolean LANGUAGE sql
        AS 'SELECT 1 / (SELECT count(*) FROM public.zz) > 0';
    CREATE FUNCTION the_one(int) RETURNS boolean LANGUAGE plpgsql
        AS $$ DECLARE x int; BEGIN SELECT n INTO STRICT x FROM public.zz; RETURN true; END $$;
    CREATE FUNCTION looked_up(int) RETURNS int LANGUAGE sql IMMUTABLE
        AS 'SELECT n FROM public.zz';
    CREATE TABLE divides (n int CHECK (shared(n))); INSERT INTO divides VALUES (7);
    CREATE TABLE wants_one (n int CHECK (the_one(n))); INSERT INTO wants_one VALUES (7);
    CREATE TABLE computed (n int, m int GENERATED ALWAYS AS (looked_up(n)) STORED NOT NULL);
    INSERT INTO computed VALUES (7);
    CREATE FUNCTION objects(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        IF NOT EXISTS (SELECT FROM public.zz) THEN
            RAISE 'none' USING ERRCODE = CASE $1 WHEN 1 THEN '23503' ELSE '57014' END;
        END IF;
        RETURN true; END $$;
    CREATE TABLE refers (n int CHECK (objects(1))); INSERT INTO refers VALUES (7);
    CREATE TABLE cancels (n int CHECK (objects(2))); INSERT INTO cancels VALUES (7);
    COMMENT ON TABLE computed IS 'of others'; GRANT SELECT ON computed TO PUBLIC;
"""

# Each hides in its own way that it has not found a name.
HIDES_A_NAME = """
    SET search_path = public;
    CREATE FUNCTION there() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    CREATE FUNCTION silent(text) RETURNS text LANGUAGE plpgsql IMMUTABLE
        AS $$ BEGIN RETURN there()::text || $1;
        EXCEPTION WHEN undefined_function THEN RETURN NULL; END $$;
    CREATE FUNCTION loud(text) RETURNS text LANGUAGE plpgsql IMMUTABLE
        AS $$ BEGIN RETURN there()::text || $1;
        EXCEPTION WHEN undefined_function THEN RAISE 'what?' USING ERRCODE = '22023'; END $$;
    CREATE TABLE a (t text, s text GENERATED ALWAYS AS (silent(t)) STORED NOT NULL);
    CREATE TABLE b (t text, s text GENERATED ALWAYS AS (loud(t)) STORED);
    INSERT INTO a VALUES ('x'); INSERT INTO b VALUES ('y');
"""


@pytest.mark.parametrize("major", MAJORS)
def test_rows_wait_for_others_whatever_error_tells_of_it(
    major: int, source: Callable[..., Source], anew: Anew
) -> None:
    made = source(major, NEEDS_OTHERS)
    target = beside(made, "waited")
    assert anew(made, target.dsn).left_out == ()
    assert target.rows("SELECT * FROM divides, wants_one, computed") == [(7, 7, 7, 1)]
    assert target.rows("SELECT * FROM refers, cancels") == [(7, 7)]
    about = "SELECT obj_description('computed'::regclass), has_table_privilege('public', {}, {})"
    assert target.rows(about.format("'computed'", "'SELECT'")) == [("of others", True)]


def test_the_path_of_the_source_helps_where_a_function_hides_what_it_misses(
    source: Callable[..., Source], anew: Anew
) -> None:
    made = source(18, EMPTY)
    made.run(HIDES_A_NAME)
    target = beside(made, "hidden")
    told = " ".join(anew(made, target.dsn).warnings)
    assert target.rows("SELECT a.s, b.s FROM a, b") == [("1x", "1y")]
    assert "rows public.a names things without their schema" in told
    assert "rows public.b names things without their schema" in told


# Loaded before the other table, which rows need that stand in statements of their own.
WANTED = """
    CREATE TABLE wanted (n int);
    CREATE FUNCTION known(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        RETURN $1 = 2 OR $1 IN (SELECT n FROM public.wanted); END $$;
    CREATE TABLE several (n int CHECK (known(n)));
    INSERT INTO wanted VALUES (1), (3); INSERT INTO several VALUES (1), (2), (3);
"""
COPY = b'COPY "public"."several" ("n") FROM stdin;\n'


def loaded_by_three(dump: bytes, *rows: bytes) -> bytes:
    """Load a table by as many statements as it has rows, as a dump in bands does."""
    before, found, behind = dump.partition(COPY + b"1\n2\n3\n")
    assert found
    return before + b"\\.\n".join(COPY + row + b"\n" for row in rows) + behind


@pytest.fixture
def by_three(
    source: Callable[..., Source], back_up: Callable[[Source], Manifest], tools: ClientTools
) -> Callable[..., Restoration]:
    """Restore a source, of whose table each row is loaded alone."""

    def restore(made: Source, target: Source, *rows: bytes, **options: bool) -> Restoration:
        dump = loaded_by_three(plain_dump(tools, 18, made.dsn, "--quote-all-identifiers"), *rows)
        engine, how = postgresql(tools), RestoreOptions(**options)
        return engine.restore([dump], back_up(made), target.dsn, how)

    return restore


def test_of_several_statements_for_one_table_those_wait_that_were_refused(
    source: Callable[..., Source], by_three: Callable[..., Restoration]
) -> None:
    target = source(18, EMPTY)
    came = by_three(source(18, WANTED), target, b"1", b"2", b"3")
    assert came.left_out == ()
    assert target.rows("SELECT n FROM several ORDER BY n") == [(1,), (2,), (3,)]


def test_a_check_that_some_of_them_break_is_taken_away_once(
    source: Callable[..., Source], by_three: Callable[..., Restoration]
) -> None:
    made, target = source(18, WANTED), source(18, EMPTY)
    made.run("TRUNCATE wanted")
    came = by_three(made, target, b"1", b"2", b"3", best_effort=True)
    assert [each.kind for each in came.missing] == ["constraint"]
    assert target.rows("SELECT n FROM several ORDER BY n") == [(1,), (2,), (3,)]


def test_of_those_that_are_given_up_one_tells_for_all(
    source: Callable[..., Source], by_three: Callable[..., Restoration]
) -> None:
    target = source(18, EMPTY)
    came = by_three(source(18, WANTED), target, b"x", b"2", b"x", best_effort=True)
    assert [(each.kind, each.name) for each in came.missing] == [("rows", "public.several")]
    assert target.rows("SELECT n FROM several") == [(2,)]


def test_one_that_is_refused_stops_the_restore(
    source: Callable[..., Source], by_three: Callable[..., Restoration]
) -> None:
    target = source(18, EMPTY)
    with pytest.raises(RestoreFailed, match=r"rows public\.several"):
        by_three(source(18, WANTED), target, b"1", b"2", b"x")
    assert target.rows("SELECT to_regclass('several')") == [(None,)]

"""Rows that need others first are restored, whatever a function says of it."""

from collections.abc import Callable

import pytest

from tests.support.anew import Anew, beside
from tests.support.databases import Source
from tests.support.restores import EMPTY

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

"""Rows are counted in no search_path but where an index needs one."""

from collections.abc import Callable

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.trying.counting import count
from snapper.values.redaction import Redactor
from tests.support.databases import Source

# The planner calls both; the first one's is refused to us where it finds its name at last.
INDEXES = """
    CREATE FUNCTION first(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION second(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE a AS SELECT 1 AS n; CREATE INDEX ON a ((n + first(1)));
    CREATE TABLE b AS SELECT 1 AS n; CREATE INDEX ON b ((n + second(1)));
    CREATE OR REPLACE FUNCTION first(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
        IF current_setting('search_path') IN ('', '""') THEN RAISE undefined_function; END IF;
        RAISE insufficient_privilege; END $$;
    CREATE OR REPLACE FUNCTION second(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
        IF current_setting('search_path') LIKE '%public%' THEN RAISE 'in a path'; END IF;
        RETURN 1; END $$;
"""
COUNTED = """
    CREATE FUNCTION third(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE c AS SELECT generate_series(1, 3) AS n; CREATE INDEX ON c ((n + third(1)));
    CREATE OR REPLACE FUNCTION third(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
        IF current_setting('search_path') NOT LIKE '%public%' THEN RAISE undefined_function; END IF;
        RETURN 1; END $$;
    CREATE FUNCTION never(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'many' $$;
    CREATE AGGREGATE public.count(*) (SFUNC = never, STYPE = text, INITCOND = 'many');
"""


def test_a_path_is_taken_for_one_table_alone_also_where_that_is_closed(
    source: Callable[..., Source],
) -> None:
    made = source(17, INDEXES)
    found = count(Connection.parse(made.dsn), Redactor(), "public")
    assert (len(found.tables), found.rows, found.closed) == (2, 1, ("public.a",))


def test_no_count_of_the_sources_own_takes_the_place_of_the_systems(
    source: Callable[..., Source],
) -> None:
    """Where the path of a source names the system's schema last."""
    made = source(17, COUNTED)
    found = count(Connection.parse(made.dsn), Redactor(), "public, pg_catalog")
    assert [(str(each.name), each.rows) for each in found.tables] == [("public.c", 3)]

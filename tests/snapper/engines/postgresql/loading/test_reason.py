"""Errors of a restore tell which statement stopped it, and no value of any row."""

from collections.abc import Callable

import pytest

from snapper.engines.facts import RestoreOptions
from snapper.errors import RestoreFailed
from tests.support.anew import Anew, beside
from tests.support.databases import Source
from tests.support.few import few

MAJORS = [14, 18]


SECRET_ROW = "Zoe Nobody-Else"

# It takes any text at first; then it is made to do something else with it.
TAKES_ALL = """
    CREATE FUNCTION ok(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE TABLE p (name text CHECK (ok(name))); INSERT INTO p VALUES (:row);
    CREATE OR REPLACE FUNCTION ok(text) RETURNS boolean LANGUAGE plpgsql AS
"""


@pytest.mark.parametrize(
    "sql",
    few(
        [
            "CREATE TABLE p (mail text); INSERT INTO p VALUES (:row), (:row);"
            "CREATE UNIQUE INDEX i ON p (mail); UPDATE pg_index SET indisready = false, indisvalid"
            " = false WHERE indexrelid = 'i'::regclass; INSERT INTO p VALUES (:row); UPDATE"
            " pg_index SET indisready = true, indisvalid = true WHERE indexrelid = 'i'::regclass",
            "CREATE FUNCTION ok(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
            "CREATE TABLE p (name text CHECK (ok(name))); INSERT INTO p VALUES (:row);"
            "CREATE OR REPLACE FUNCTION ok(text) RETURNS boolean LANGUAGE sql AS 'SELECT false'",
            TAKES_ALL + "$$ BEGIN RAISE EXCEPTION 'bad: %', $1; END $$",
            TAKES_ALL + "$$ BEGIN RAISE EXCEPTION 'bad: %', $1"
            " USING ERRCODE = 'check_violation', CONSTRAINT = $1, COLUMN = $1; END $$",
            TAKES_ALL + "$$ BEGIN EXECUTE pg_catalog.format('SELECT %I', $1); RETURN true; END $$",
            TAKES_ALL + "$$ BEGIN EXECUTE 'SELECT ' || $1; RETURN true; END $$",
            TAKES_ALL + "$$ BEGIN RETURN pg_catalog.quote_ident($1)::regclass IS NULL; END $$",
            TAKES_ALL + "$$ BEGIN EXECUTE pg_catalog.format('CREATE TEMP TABLE IF NOT EXISTS tt"
            " (n int CONSTRAINT %I CHECK (n > 0))', $1);"
            " INSERT INTO tt VALUES (0); RETURN true; END $$",
            "CREATE TABLE p (name text); INSERT INTO p VALUES (:row);"
            "CREATE FUNCTION n(text) RETURNS regclass STABLE LANGUAGE sql AS"
            " 'SELECT pg_catalog.quote_ident($1)::regclass';"
            "CREATE MATERIALIZED VIEW m AS SELECT n(name) FROM p WITH NO DATA;"
            "UPDATE pg_class SET relispopulated = true WHERE relname = 'm'",
            "CREATE FUNCTION n(text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';"
            "CREATE TABLE p (name text); INSERT INTO p VALUES (:row); CREATE INDEX ON p (n(name));"
            "CREATE OR REPLACE FUNCTION n(text) RETURNS int LANGUAGE sql IMMUTABLE AS"
            " 'SELECT $1::int'",
        ],
        3,
    ),
    ids=[
        "duplicates",
        "a CHECK",
        "an error of a function's own",
        "one by another's code and names",
        "a column",
        "a syntax error",
        "a table",
        "a constraint",
        "a view",
        "a cast",
    ],
)
def test_no_error_holds_a_value_of_a_row_unless_it_is_asked_for(
    sql: str, source: Callable[..., Source], anew: Anew
) -> None:
    statements = sql.replace(":row", f"'{SECRET_ROW}'")
    if "UNIQUE" in sql:
        statements = statements.replace(f"('{SECRET_ROW}'), ", "", 1)
    made = source(17, statements)
    target = beside(made, "rows").dsn
    with pytest.raises(RestoreFailed) as failed:
        anew(made, target)
    assert SECRET_ROW not in repr((str(failed.value), failed.value.hint, vars(failed.value)))
    found = anew(made, target, RestoreOptions(best_effort=True))
    assert found.missing
    assert SECRET_ROW not in repr(found)
    with pytest.raises(RestoreFailed, match=SECRET_ROW):
        anew(made, target, RestoreOptions(show_values=True))

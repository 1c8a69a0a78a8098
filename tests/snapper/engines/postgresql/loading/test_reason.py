"""Errors of a restore tell which statement stopped it, and no value of any row."""

from collections.abc import Callable

import pytest

from snapper.engines.facts import RestoreOptions
from snapper.errors import RestoreFailed
from tests.support.anew import Anew, beside
from tests.support.databases import Source

MAJORS = [14, 18]


SECRET_ROW = "Zoe Nobody-Else"


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE p (mail text); INSERT INTO p VALUES (:row), (:row);"
        "CREATE UNIQUE INDEX i ON p (mail); UPDATE pg_index SET indisready = false, indisvalid ="
        " false WHERE indexrelid = 'i'::regclass; INSERT INTO p VALUES (:row); UPDATE pg_index SET"
        " indisready = true, indisvalid = true WHERE indexrelid = 'i'::regclass",
        "CREATE FUNCTION ok(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
        "CREATE TABLE p (name text CHECK (ok(name))); INSERT INTO p VALUES (:row);"
        "CREATE OR REPLACE FUNCTION ok(text) RETURNS boolean LANGUAGE sql AS 'SELECT false'",
        "CREATE FUNCTION ok(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
        "CREATE TABLE p (name text CHECK (ok(name))); INSERT INTO p VALUES (:row);"
        "CREATE OR REPLACE FUNCTION ok(text) RETURNS boolean LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'bad: %', $1; END $$",
        "CREATE FUNCTION ok(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
        "CREATE TABLE p (name text CHECK (ok(name))); INSERT INTO p VALUES (:row);"
        "CREATE OR REPLACE FUNCTION ok(text) RETURNS boolean LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'bad: %', $1 USING ERRCODE = 'check_violation'; END $$",
        "CREATE FUNCTION n(text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';"
        "CREATE TABLE p (name text); INSERT INTO p VALUES (:row); CREATE INDEX ON p (n(name));"
        "CREATE OR REPLACE FUNCTION n(text) RETURNS int LANGUAGE sql IMMUTABLE AS"
        " 'SELECT $1::int'",
    ],
    ids=[
        "duplicates",
        "a CHECK",
        "an error of a function's own",
        "one by another's code",
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

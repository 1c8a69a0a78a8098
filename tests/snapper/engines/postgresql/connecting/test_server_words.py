"""What a server says is told where it names things of the schema, and never where it names rows."""

import tracemalloc
from collections.abc import Callable

import psycopg2
import pytest

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.connecting.server_words import sqlstate, words_of
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.errors import RestoreFailed
from tests.support.databases import Source

ROW = "Zoe Nobody-Else"
SCHEMA = f"""
    CREATE TABLE people (name text); INSERT INTO people VALUES ('{ROW}');
    CREATE TABLE "new" (n int NOT NULL CONSTRAINT positive CHECK (n > 0));
    CREATE FUNCTION closed(text) RETURNS int LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'we''re closed'; END $$;
    CREATE FUNCTION told(text) RETURNS int LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION '%', $1; END $$;
    CREATE FUNCTION coded(text) RETURNS int LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = pg_catalog.upper(pg_catalog.left($1, 3))
        || '00', MESSAGE = $1; END $$;
    CREATE FUNCTION sought(text) RETURNS int LANGUAGE plpgsql
        AS $$ BEGIN RETURN pg_catalog.length(lower_it($1)); END $$;
    CREATE FUNCTION run(text) RETURNS int LANGUAGE plpgsql
        AS $$ BEGIN EXECUTE pg_catalog.format('SELECT 1 AS found FROM %I', $1); END $$;
    CREATE FUNCTION applied(text) RETURNS int LANGUAGE plpgsql
        AS $$ BEGIN EXECUTE pg_catalog.format('SELECT 1 %s 2', $1); END $$;
"""


def refusals(made: Source, statements: list[str]) -> list[tuple[str, str]]:
    found = []
    link = psycopg2.connect(made.dsn)
    link.autocommit = True
    with link.cursor() as cursor:

        def ask(query: str, *values: object) -> list[tuple[object, ...]]:
            cursor.execute(query, values)
            return list(cursor.fetchall())

        for statement in statements:
            with pytest.raises(psycopg2.Error) as refused:
                cursor.execute(statement)
            error = refused.value
            words = words_of(error, ask, statement.encode(), of_rows=True)
            found.append((words, sqlstate(error)))
    link.close()
    return found


def test_names_of_the_schema_are_told_and_no_value(source: Callable[..., Source]) -> None:
    cases = {
        'INSERT INTO "new" VALUES (0)': (
            'new row for relation "new" violates check constraint "positive"',
            "23514",
        ),
        'INSERT INTO "new" VALUES (NULL)': (
            'null value in column "n" of relation "new" violates not-null constraint',
            "23502",
        ),
        "CREATE INDEX ON people USING gin (name gin_trgm_ops)": (
            'operator class "gin_trgm_ops" does not exist for access method "gin"',
            "42704",
        ),
        "SELECT sought(name) FROM people": ("function lower_it(text) does not exist", "42883"),
        "SELECT run(name) FROM people": ("undefined table", "42P01"),
        "SELECT name = 5 FROM people": ("operator does not exist: text = integer", "42883"),
        "SELECT run(repeat('name to ', 7)) FROM people": ("undefined table", "42P01"),
        "SELECT applied(repeat('#-', 2)) FROM people": ("undefined function", "42883"),
        "SELECT name::int FROM public . people": ("invalid text representation", "22P02"),
        "SELECT repeat(left(name, 3), 999)::tsquery FROM people": (
            "program limit exceeded: tsquery",
            "54000",
        ),
        "SELECT closed(name) FROM people": ("we're closed", "P0001"),
        "SELECT told(name) FROM people": ("raise exception", "P0001"),
        "SELECT coded(name) FROM people": ("database error", "P0001"),
    }
    found = refusals(source(17, SCHEMA), list(cases))
    assert dict(zip(cases, found, strict=True)) == cases


def test_nor_does_a_question_of_ours_tell_what_a_function_says(
    source: Callable[..., Source],
) -> None:
    made = source(17, SCHEMA)
    redact = redactor(made.dsn)
    for function in ("told", "run", "coded"):
        with (
            pytest.raises(RestoreFailed) as failed,
            asking(Connection.parse(made.dsn), redact) as cursor,
        ):
            cursor.execute(f"SELECT public.{function}(name) FROM public.people")
        assert ROW not in str(failed.value)


@pytest.mark.long
def test_a_long_statement_is_not_taken_apart_whole(source: Callable[..., Source]) -> None:
    with pytest.raises(psycopg2.Error) as refused:
        source(17).run("SELECT not_there()")
    statement = b"CREATE VIEW v AS SELECT not_there(), " + b", ".join(
        b"a%d" % n for n in range(1_000_000)
    )
    tracemalloc.start()
    try:
        told = words_of(refused.value, None, statement, of_rows=True)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(statement)
    finally:
        tracemalloc.stop()
    assert told == "function not_there() does not exist"

"""What is asserted is true or has failed, tells no row, changes nothing and becomes nobody."""

from collections.abc import Callable

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.trying import asserting
from snapper.engines.postgresql.trying.asserting import require
from snapper.engines.postgresql.trying.confined import reader
from snapper.engines.postgresql.trying.lacking import Disproven
from snapper.errors import RestoreFailed
from snapper.values.redaction import Redactor
from tests.support.databases import Source
from tests.support.few import few

MADE = """
    CREATE SCHEMA shop;
    CREATE TABLE shop.orders AS SELECT 1 AS id, 'hush' AS secret;
    CREATE FUNCTION shop.careless() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        PERFORM set_config('statement_timeout', '0', false);
        RETURN (SELECT secret FROM shop.orders)::int = 1; END $$;
    CREATE FUNCTION shop.loud() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION '%', (SELECT secret FROM shop.orders); END $$;
    CREATE FUNCTION shop.adds() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO shop.orders VALUES (2, ''); RETURN true; END $$;
    CREATE FUNCTION shop.writes() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        SET TRANSACTION READ WRITE; INSERT INTO shop.orders VALUES (2, ''); RETURN true; END $$;
    CREATE FUNCTION shop.becomes() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        RESET SESSION AUTHORIZATION; RETURN current_setting('is_superuser') = 'off'; END $$;
    CREATE FUNCTION shop.shell() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        COPY shop.orders TO PROGRAM 'cat'; RETURN true; END $$;
    CREATE FUNCTION shop.reads_the_disk() RETURNS boolean LANGUAGE sql SECURITY DEFINER AS $$
        SELECT pg_catalog.pg_read_file('nowhere') = '' $$;
    CREATE FUNCTION shop.stays() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN LOOP
        BEGIN PERFORM pg_sleep(300); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;
    GRANT INSERT ON shop.orders TO PUBLIC;
"""
Ask = Callable[..., None]


@pytest.fixture
def ask(source: Callable[..., Source]) -> Ask:
    """Ask as a trial does: a copy, by a role that only reads it."""
    made = source(18, MADE)

    def go(*assertions: str, seconds: float = 60.0) -> None:
        connection, redact = Connection.parse(made.dsn), Redactor()
        before = made.rows("SELECT * FROM shop.orders")
        try:
            with reader(connection, redact) as reading:
                require(assertions, reading, redact, "shop, public", seconds)
        finally:
            assert made.rows("SELECT * FROM shop.orders") == before

    return go


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) = 1 FROM orders",
        "  WITH o AS (TABLE orders) SELECT true FROM o; ",
        "SELECT true -- as ever",
        "VALUES (1 < 2)",
        "SELECT becomes()",
        "SELECT current_user LIKE 'postgres!_%' ESCAPE '!'",
        "SELECT current_setting('transaction_read_only') = 'on'",
    ],
)
def test_what_gives_true_holds(query: str, ask: Ask) -> None:
    ask(query)


@pytest.mark.parametrize(
    ("query", "why"),
    few(
        [
            ("SELECT false", "it gives false"),
            ("SELECT NULL::boolean", "it gives NULL"),
            ("SELECT true WHERE false", "it gives no row"),
            ("VALUES (true), (true)", "it gives more than one row"),
            ("SELECT true, true", "it does not give one column of true or false"),
            ("SELECT 1", "it does not give one column of true or false"),
            ("SELECT secret FROM orders", "it does not give one column of true or false"),
            ("SELECT 'true'::text", "it does not give one column of true or false"),
            ("SELECT true FROM lost", 'it fails: relation "lost" does not exist'),
            ("SELECT secret::int = 1 FROM orders", "it fails: invalid text representation"),
            ("SELECT careless()", "it fails: invalid text representation"),
            ("SELECT loud()", "it fails: raise exception"),
            ("SELECT 1/0 = 1", "it fails: division by zero"),
            ("SELECT adds()", "it fails: cannot execute INSERT in a read-only transaction"),
            (
                "SELECT writes()",
                "it fails: transaction read-write mode must be set before any query",
            ),
            ("SELECT shell()", "it fails: insufficient privilege"),
            ("INSERT INTO orders VALUES (2, '') RETURNING true", "it fails: syntax error"),
            ("COPY orders TO PROGRAM 'cat'", "it fails: syntax error"),
            ("SELECT", "it does not give one column of true or false"),
            ("SELEC true", "it fails: syntax error"),
            ("SELECT true; SELECT true", "it fails: syntax error"),
        ],
        7,
    ),
)
def test_all_else_has_failed_and_no_row_is_told(query: str, why: str, ask: Ask) -> None:
    with pytest.raises(Disproven) as failed:
        ask("SELECT true", query)
    assert f"{' '.join(query.split())}: {why}" in str(failed.value)
    assert "hush" not in str(failed.value)
    assert failed.value.against_backup


def test_all_that_fail_are_told_up_to_a_few(ask: Ask) -> None:
    with pytest.raises(Disproven, match=r"SELECT 3 = 0: .*SELECT 5 = 0: .*; and 2 more$") as failed:
        ask(*(f"SELECT {n} = 0" for n in range(8)))
    assert "SELECT 0 = 0" not in str(failed.value)


def test_one_that_takes_too_long_says_nothing_of_the_backup(ask: Ask) -> None:
    with pytest.raises(Disproven, match="whether it is true is not known") as failed:
        ask("SELECT pg_catalog.pg_sleep(300) IS NOT NULL", seconds=0.001)
    assert not failed.value.against_backup


def test_a_disk_that_fails_says_nothing_of_the_backup(ask: Ask) -> None:
    with pytest.raises(RestoreFailed, match="refused: undefined file") as failed:
        ask("SELECT reads_the_disk()")
    assert not failed.value.against_backup


def test_nor_does_one_that_goes_on_when_it_is_ended(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asserting, "_GRACE", 0.5)
    with pytest.raises(Disproven, match="whether it is true is not known") as failed:
        ask("SELECT stays()", seconds=0.001)
    assert not failed.value.against_backup

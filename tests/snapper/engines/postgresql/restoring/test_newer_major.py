"""What an older major has dumped loads into the newest one."""

from collections.abc import Callable
from typing import Any

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.dumping import dump
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.pg_dump import pg_dump_command
from snapper.engines.postgresql.restoring.rehearse import rehearse
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.verbs.restore import restore_as_new
from tests.support.databases import Source
from tests.support.engines import postgresql

OLDEST, NEWEST = 14, 18
QUOTES = "--quote-all-identifiers"

# Wherever a name can stand that PostgreSQL itself writes into a dump again.
NAMED = """
    CREATE SCHEMA {word};
    CREATE TABLE {word}.{word} ({word} integer PRIMARY KEY CHECK ({word} > 0));
    INSERT INTO {word}.{word} VALUES (7);
    CREATE INDEX ON {word}.{word} ((- {word}));
    CREATE DOMAIN others.{word} AS integer;
    CREATE FUNCTION others.{word}({word} others.{word}, more integer) RETURNS integer
        LANGUAGE sql AS 'SELECT $1 + $2';
    CREATE FUNCTION others.gives({word} others.{word}) RETURNS others.{word}
        LANGUAGE sql BEGIN ATOMIC SELECT {word}.{word} FROM {word}.{word} AS {word}; END;
    CREATE VIEW {word}.seen AS
        WITH {word} AS (SELECT t.{word} FROM {word}.{word} AS t)
        SELECT {word}.{word}, others.{word}({word}.{word}, 1) AS more FROM {word} AS {word};
"""
WORDS = "SELECT word FROM pg_catalog.pg_get_keywords()"


@pytest.mark.long
def test_names_that_have_become_keywords_since_are_restored(
    server: Callable[[int], PostgresServer],
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    vault: Vault,
    tools: ClientTools,
) -> None:
    made = source(OLDEST, "CREATE SCHEMA others")
    target = Source(server(NEWEST), f"{made.name} on the newest")
    before, now = made.rows(WORDS), Source(target.server, "postgres").rows(WORDS)
    words = sorted({str(word) for (word,) in {*now} - {*before}})
    assert {"json", "system_user", "json_table", "merge"} < set(words)
    for word in words:
        made.run(NAMED.format(word=word))
    restore_as_new(vault, back_up(made), target.dsn, postgresql(tools))
    for word in words:
        assert target.rows(f'SELECT * FROM "{word}".seen') == [(7, 8)]


def test_an_older_dump_without_quotes_is_restored_with_them(
    server: Callable[[int], PostgresServer],
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    vault: Vault,
    tools: ClientTools,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = source(
        OLDEST,
        """
        CREATE FUNCTION given(json json) RETURNS json LANGUAGE sql AS 'SELECT $1';
        CREATE TABLE who (system_user text, at int);
        INSERT INTO who VALUES ('me', 1), ('you', 2);
        CREATE VIEW seen AS SELECT system_user FROM who;
        """,
    )

    def plainly(*given: Any, **more: Any) -> list[str]:
        return [each for each in pg_dump_command(*given, **more) if each != QUOTES]

    monkeypatch.setattr(dump, "pg_dump_command", plainly)
    manifest = back_up(made)
    target = Source(server(NEWEST), f"{made.name} on the newest")
    told = restore_as_new(vault, manifest, target.dsn, postgresql(tools))
    assert target.rows("SELECT string_agg(\"system_user\", ' ') FROM seen") == [("me you",)]
    assert target.rows("""SELECT given('{"a": 1}')->>'a'""") == [("1",)]
    assert "restored with quotes around them" in str(told)


def test_what_an_older_major_has_and_the_newest_refuses_is_warned_of_beforehand(
    server: Callable[[int], PostgresServer],
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    tools: ClientTools,
) -> None:
    made = source(OLDEST, "CREATE EXTENSION adminpack")
    target = server(NEWEST).dsn(f"{made.name} on the newest")
    warnings = rehearse(target, back_up(made), tools, may_create=True).warnings
    assert any("extension adminpack (it is gone)" in told for told in warnings)


def test_what_newer_majors_refuse_without_a_reason_of_data_is_restored_or_left_out(
    server: Callable[[int], PostgresServer],
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    vault: Vault,
    tools: ClientTools,
) -> None:
    made = source(
        OLDEST,
        """
        CREATE UNLOGGED TABLE parts (n integer) PARTITION BY LIST (n);
        CREATE UNLOGGED TABLE part PARTITION OF parts FOR VALUES IN (1);
        INSERT INTO parts VALUES (1);
        CREATE EXTENSION pg_stat_statements; CREATE EXTENSION adminpack;
        GRANT EXECUTE ON FUNCTION pg_stat_statements_reset(oid, oid, bigint) TO PUBLIC;
        REVOKE EXECUTE ON FUNCTION json_strip_nulls(json) FROM PUBLIC;
        """,
    )
    target = Source(server(NEWEST), f"{made.name} on the newest")
    told = restore_as_new(vault, back_up(made), target.dsn, postgresql(tools))
    assert target.rows("SELECT n FROM parts") == [(1,)]
    assert "pg_stat_statements_reset" in str(told)
    assert "json_strip_nulls" in str(told)
    assert ("extension", "adminpack") in [(each.kind, each.name) for each in told.left_out]


def test_rows_that_raise_such_an_error_themselves_are_not_half_restored(
    server: Callable[[int], PostgresServer],
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    vault: Vault,
    tools: ClientTools,
) -> None:
    made = source(
        OLDEST,
        """
        CREATE TABLE who (json int);
        INSERT INTO who SELECT generate_series(1, 9);
        CREATE FUNCTION fits(n int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
            IF n = 1 AND current_setting('server_version_num')::int > 150000 THEN
                RAISE EXCEPTION 'no' USING ERRCODE = 'syntax_error';
            END IF;
            RETURN true;
        END $$;
        ALTER TABLE who ADD CHECK (fits(json));
        """,
    )
    target = server(NEWEST).dsn(f"{made.name} on the newest")
    with pytest.raises(RestoreFailed, match="who: no"):
        restore_as_new(vault, back_up(made), target, postgresql(tools))

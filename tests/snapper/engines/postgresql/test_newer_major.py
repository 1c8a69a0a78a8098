"""What an older major has dumped loads into the newest one."""

from collections.abc import Callable

from snapper.aws.vault import Vault
from snapper.engines.postgresql.client_tools import ClientTools
from snapper.engines.postgresql.throw_away import PostgresServer
from snapper.values.manifest import Manifest
from snapper.verbs.restore import restore_as_new
from tests.support.databases import Source
from tests.support.engines import postgresql

OLDEST, NEWEST = 14, 18

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

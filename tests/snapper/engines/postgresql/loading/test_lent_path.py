"""What 17 and newer build with no search_path is built with that of the source, from any major."""

from collections.abc import Callable

import pytest

from snapper.aws.vault import Vault
from snapper.engines.facts import RestoreOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.verbs.restore import Dump, restore
from tests.support.anew import Anew, Owner
from tests.support.databases import Source
from tests.support.engines import postgresql
from tests.support.restores import EMPTY
from tests.support.without_schemas import BUILT, CASTS, with_functions

OLDER, NEWER = 14, 18
INDEXES = """
    SELECT relname FROM pg_class WHERE relkind IN ('i', 'I') AND relname LIKE 'of\\_%' ORDER BY 1
"""
LENT = """
    SELECT proname FROM pg_proc WHERE pronamespace::regnamespace::text = 'app'
    AND proconfig IS NOT NULL
"""


def of_older(source: Callable[..., Source], sql: str) -> Source:
    return with_functions(source(OLDER, EMPTY), sql)


def test_it_is_built_as_it_was_and_nothing_is_left_on_the_functions(
    source: Callable[..., Source], server: Callable[[int], PostgresServer], anew: Anew
) -> None:
    made = of_older(source, BUILT + CASTS)
    target = Source(server(NEWER), f"{made.name} anew")
    found = anew(made, target.dsn)
    assert target.rows(INDEXES) == made.rows(INDEXES)
    assert target.rows("SELECT title FROM app.of_view") == [("firstsecond",)]
    assert target.rows("SELECT count(*) FROM app.of_rows") == [(2,)]
    assert target.rows(LENT) == []
    (told,) = (each for each in found.warnings if "from 17 on" in each)
    assert "ALTER FUNCTION … SET search_path" in told
    words = "index of_called on app.pages names things without their schema: restored with"
    assert f"{words} search_path app, public" in found.warnings


HIDDEN = """
    CREATE TABLE hidden AS SELECT 'First'::text AS title;
    ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; ALTER TABLE hidden FORCE ROW LEVEL SECURITY;
    CREATE POLICY every ON hidden USING (true);
    CREATE MATERIALIZED VIEW of_hidden AS SELECT app.called(title) AS title FROM hidden;
"""


def test_so_it_is_by_a_plain_owner(
    source: Callable[..., Source], server: Callable[[int], PostgresServer], anew: Anew, owner: Owner
) -> None:
    made = of_older(source, BUILT + HIDDEN)
    target = Source(server(NEWER), f"{made.name} owned")
    anew(made, owner(target.beside("postgres"), target.name), options=RestoreOptions(no_owner=True))
    assert target.rows(INDEXES) == made.rows(INDEXES)
    assert target.rows("SELECT title FROM app.of_hidden") == [("first",)]
    assert target.rows(LENT) == []


def test_so_it_is_within_one_transaction_and_in_a_trial(
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    vault: Vault,
    tools: ClientTools,
) -> None:
    made, target = of_older(source, BUILT), source(NEWER, EMPTY)
    dump = Dump(vault, back_up(made))
    restore(vault, dump.manifest, target.dsn, postgresql(tools))
    assert target.rows(INDEXES) == made.rows(INDEXES)
    assert target.rows(LENT) == []
    found = try_restore(dump, dump.manifest, tools, target.dsn)
    assert any("index of_called" in each for each in found.remarks)


def test_so_it_is_where_the_function_is_somebody_elses_in_the_end(
    source: Callable[..., Source], server: Callable[[int], PostgresServer], anew: Anew, owner: Owner
) -> None:
    roles = Source(server(OLDER), "postgres"), Source(server(NEWER), "postgres")
    made = of_older(source, "CREATE INDEX of_called ON pages (app.called(title));")
    target = Source(roles[1].server, f"{made.name} of others")
    own = owner(roles[1], target.name)
    for each in roles:
        each.run("CREATE ROLE somebody_else")
    try:
        roles[1].run("GRANT somebody_else TO restores_as_owner WITH INHERIT FALSE, SET TRUE")
        made.run("ALTER FUNCTION app.called OWNER TO somebody_else")
        anew(made, own)
        assert target.rows(INDEXES) == made.rows(INDEXES)
        whose = "SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'called'"
        assert target.rows(whose) == [("somebody_else",)]
        target.run("DROP OWNED BY somebody_else CASCADE")
    finally:
        made.run("DROP OWNED BY somebody_else CASCADE")
        for each in roles:
            each.run("DROP ROLE somebody_else")


def test_what_is_not_found_all_the_same_stops_it_or_is_missing_at_best(
    source: Callable[..., Source], server: Callable[[int], PostgresServer], anew: Anew
) -> None:
    made = of_older(source, "CREATE INDEX of_called ON pages (app.called(title));")
    made.run("ALTER FUNCTION app.slug RENAME TO no_longer")
    target = Source(server(NEWER), f"{made.name} not found")
    with pytest.raises(RestoreFailed, match=r"of_called on app\.pages: function") as failed:
        anew(made, target.dsn)
    assert "restore as the owner of what is called here" in str(failed.value.hint)
    came = anew(made, target.dsn, options=RestoreOptions(best_effort=True))
    assert "of_called on app.pages" in [each.name for each in came.missing]

"""A trial reaches for no other server; a restore does, and stops for none that is away."""

from collections.abc import Callable
from contextlib import closing, suppress

import psycopg2
import pytest

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.trial import try_restore
from snapper.values.manifest import Manifest
from snapper.values.verification import Restored
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import Dump
from tests.support.anew import Anew, beside
from tests.support.databases import Source
from tests.support.few import few
from tests.support.restores import EMPTY, unfinished

SUBSCRIBED = """
    CREATE TABLE t AS SELECT 1 AS n;
    CREATE SUBSCRIPTION from_head CONNECTION 'host=10.0.0.9 dbname=head password=of-the-head'
        PUBLICATION p WITH (connect = false);
"""
FOREIGN = """
    CREATE EXTENSION postgres_fdw;
    CREATE SERVER warehouse FOREIGN DATA WRAPPER postgres_fdw
        OPTIONS (host '127.0.0.1', port ':port', dbname ':name');
    CREATE USER MAPPING FOR postgres SERVER warehouse
        OPTIONS (user 'postgres', password ':password');
    CREATE SCHEMA elsewhere;
    CREATE FOREIGN TABLE elsewhere.stock (n int) SERVER warehouse
        OPTIONS (schema_name 'public', table_name 't');
    CREATE VIEW seen AS SELECT n FROM elsewhere.stock;
    CREATE MATERIALIZED VIEW stock_now AS SELECT n FROM seen;
    CREATE MATERIALIZED VIEW summed AS SELECT sum(n) FROM stock_now;
    CREATE MATERIALIZED VIEW own AS SELECT 1 AS n;
"""
# Who only reads the view's definition sees no foreign table.
CALLED = """
    CREATE FUNCTION counted() RETURNS bigint STABLE LANGUAGE sql
        AS 'SELECT count(*) FROM elsewhere.stock';
    CREATE MATERIALIZED VIEW called AS SELECT public.counted() AS n;
"""


@pytest.fixture
def proven(
    dumper: Dumper, tools: ClientTools, back_up: Callable[[Source], Manifest]
) -> Callable[..., Restored]:
    """Restore a source's backup for the proof, here or on the server of a connection."""

    def go(made: Source, on: str = "") -> Restored:
        backup = back_up(made)
        return try_restore(Dump(dumper.vault, backup), backup, tools, on)

    return go


@pytest.mark.parametrize("on", few([False, True]), ids=["here", "on a server"])
@pytest.mark.usefixtures("no_walls")
def test_a_trial_leaves_subscriptions_out_and_nothing_behind(
    on: bool, source: Callable[..., Source], proven: Callable[..., Restored]
) -> None:
    made = source(17, SUBSCRIBED)
    try:
        found = proven(made, made.server.dsn() if on else "")
        assert (found.tables, found.rows) == (1, 1)
        assert "left out: subscription from_head: a trial reaches for no other server" in str(found)
        assert "of-the-head" not in str(found)
        assert unfinished(made.server) == []
    finally:
        forget(made)


def test_a_restored_subscription_is_disabled_and_it_is_told_how_to_drop_it(
    source: Callable[..., Source], anew: Anew
) -> None:
    made = source(17, SUBSCRIBED)
    target = beside(made, "subscribed")
    try:
        (told,) = anew(made, target.dsn).warnings
        assert "subscription from_head is made disabled" in told
        assert "SET (slot_name = NONE)" in told
        rows = target.rows(
            "SELECT subenabled FROM pg_subscription"
            " WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert rows == [(False,)]
    finally:
        forget(made)
        forget(target)


@pytest.mark.parametrize("on", few([False, True]), ids=["here", "on a server"])
@pytest.mark.usefixtures("no_walls")
def test_a_trial_fills_nothing_from_a_foreign_table_however_indirectly(
    on: bool, source: Callable[..., Source], proven: Callable[..., Restored]
) -> None:
    made, asked = foreign(source)
    made.run(CALLED)
    # Whoever comes waits, and so would the trial.
    with closing(psycopg2.connect(asked.dsn)) as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        found = proven(made, made.server.dsn() if on else "")
    for name in ("stock_now", "summed"):
        assert (
            f"rows of materialized view public.{name}: it stays unfilled: a trial reaches for no"
            " other server"
        ) in str(found)
    assert "public.called: it stays unfilled: user mapping not found" in str(found)
    assert "public.own" not in str(found)


def test_a_restore_leaves_a_view_unfilled_where_the_other_server_is_away(
    source: Callable[..., Source], anew: Anew
) -> None:
    made, asked = foreign(source)
    asked.run("ALTER TABLE t RENAME TO gone")
    admin = Source(made.server, "postgres")
    admin.run(f'ALTER DATABASE "{asked.name}" RENAME TO "{asked.name} gone"')
    try:
        target = beside(made, "unfilled")
        left, built_on_it = anew(made, target.dsn).left_out
        assert (left.name, built_on_it.name) == ("public.stock_now", "public.summed")
        assert left.reason.startswith("it stays unfilled: could not connect to server")
        assert built_on_it.reason.startswith("it stays unfilled: materialized view")
        assert target.rows("SELECT n FROM own") == [(1,)]
    finally:
        admin.run(f'ALTER DATABASE "{asked.name} gone" RENAME TO "{asked.name}"')


def foreign(source: Callable[..., Source]) -> tuple[Source, Source]:
    """Give a database with views of a foreign table, and the one in which that table lies."""
    asked = source(17, "CREATE TABLE t AS SELECT 1 AS n")
    made = source(17, EMPTY)
    server = made.server
    made.run(
        FOREIGN.replace(":port", str(server.port))
        .replace(":name", asked.name)
        .replace(":password", server.password)
    )
    return made, asked


def forget(made: Source) -> None:
    """Drop a subscription without a word to the publisher."""
    with suppress(psycopg2.Error):
        made.run("ALTER SUBSCRIPTION from_head SET (slot_name = NONE)")
        made.run("DROP SUBSCRIPTION from_head")

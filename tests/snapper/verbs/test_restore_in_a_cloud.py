"""A restore by who is no superuser gives back all that is the customer's, and names the rest."""

from collections import Counter
from collections.abc import Callable

import pytest

from snapper.engines.facts import RestoreOptions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.errors import RestoreFailed, SnapperError
from snapper.values.manifest import Manifest
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import Dump, restore, restore_as_new
from tests.support.cloud_server import (
    ADMITTED,
    DATABASE,
    FENCED,
    MASTER,
    OWNER,
    CloudServer,
    everywhere,
    in_a_cloud,
)
from tests.support.databases import Source, job, query
from tests.support.engines import postgresql
from tests.support.few import few
from tests.support.restores import EMPTY, exists, plain_dump, unfinished

THE_CUSTOMERS = """
CREATE SCHEMA shop;
CREATE EXTENSION citext SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('open', 'paid');
CREATE DOMAIN shop.mail AS shop.citext CHECK (VALUE ~ '@');
CREATE TABLE shop.people (id serial PRIMARY KEY, mail shop.mail UNIQUE);
CREATE TABLE shop.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person int REFERENCES shop.people, state shop.state DEFAULT 'open');
INSERT INTO shop.people (mail) SELECT n || '@example.org' FROM generate_series(1, 50) AS n;
INSERT INTO shop.orders (person) SELECT id FROM shop.people;
CREATE FUNCTION shop.paid() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER paid BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.paid();
CREATE MATERIALIZED VIEW shop.open AS SELECT * FROM shop.orders WHERE state = 'open';
CREATE POLICY own ON shop.orders USING (true);
ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON shop.orders TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO PUBLIC;
COMMENT ON TABLE shop.orders IS 'what people bought';
SELECT lo_from_bytea(4711, 'large');
"""

THE_PROVIDERS = ("cloud_watch", "pg_stat_statements", "ALTER DEFAULT PRIVILEGES FOR ROLE",
                 "pg_stat_reset", "SECURITY LABEL")  # fmt: skip
"""What stands in the statements that only the provider may run."""


@pytest.fixture
def back_up(dumper: Dumper) -> Callable[[Source], Manifest]:
    def make(source: Source) -> Manifest:
        manifest = dumper.dump(job(), source.database())
        assert manifest is not None
        return manifest

    return make


@pytest.mark.long
@everywhere()
def test_whatever_is_the_customers_comes_back_and_the_rest_is_named(
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = source(18, THE_CUSTOMERS)
    manifest = back_up(made)
    anew, there = made.beside(f"{made.name} anew"), source(18, EMPTY)
    for target, result in (
        (anew, restore_as_new(dumper.vault, manifest, anew.dsn, postgresql(tools))),
        (there, restore(dumper.vault, manifest, there.dsn, postgresql(tools))),
    ):
        lost, added = differences(made, target, tools)
        assert [line for line in lost if not any(each in line for each in THE_PROVIDERS)] == []
        assert added == []
        assert bool(result.left_out) == isinstance(made.server, CloudServer)
        assert not any(each.rows for each in result.left_out)
    assert unfinished(made.server) == []
    made.run(f'DROP DATABASE "{anew.name}"')


def differences(source: Source, target: Source, tools: ClientTools) -> tuple[list[str], list[str]]:
    """Give what the dump of the source has and that of the target has not, and the other way."""
    one, other = (Counter(_lines(made, tools)) for made in (source, target))
    return sorted((one - other).elements()), sorted((other - one).elements())


def _lines(made: Source, tools: ClientTools) -> list[str]:
    """Dump it as who may read all of it, without comments."""
    dump = plain_dump(tools, made.server.major, made.server.dsn(made.name)).decode()
    return [line for line in dump.splitlines() if line and not line.startswith("--")]


@in_a_cloud()
@pytest.mark.parametrize("on", few([False, True]), ids=["here", "there"])
def test_a_trial_of_a_customers_backup_counts_every_row(
    on: bool,
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = source(18, THE_CUSTOMERS)
    dump = Dump(dumper.vault, back_up(made))
    tried = postgresql(tools).try_restore(dump, dump.manifest, made.dsn if on else "")
    assert (tried.tables, tried.rows) == (3, 150)
    assert unfinished(made.server) == []


@in_a_cloud("source", MASTER)
def test_a_trial_makes_the_roles_it_lacks_and_takes_them_away(
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = source()
    made.run("CREATE ROLE passing; GRANT passing TO CURRENT_USER; GRANT ALL ON SCHEMA public TO"
             " passing; ALTER TABLE t OWNER TO passing")  # fmt: skip
    dump = Dump(dumper.vault, back_up(made))
    made.run("REASSIGN OWNED BY passing TO CURRENT_USER; DROP OWNED BY passing; DROP ROLE passing")
    tried = postgresql(tools).try_restore(dump, dump.manifest, made.dsn)
    assert (tried.tables, tried.rows) == (1, 1)
    assert made.rows("SELECT rolname FROM pg_roles WHERE rolname = 'passing'") == []
    assert unfinished(made.server) == []


@in_a_cloud()
def test_strict_stops_at_what_would_be_left_out(
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = source()
    target, strict = made.beside(f"{made.name} strict"), RestoreOptions(strict=True)
    manifest, engine = back_up(made), postgresql(tools)
    with pytest.raises(RestoreFailed, match="the restore stopped at line"):
        restore_as_new(dumper.vault, manifest, target.dsn, engine, options=strict)
    assert not exists(target.server, target.name)
    assert unfinished(target.server) == []


@pytest.mark.long
@in_a_cloud()
def test_an_extension_that_only_the_provider_may_make_stops_where_something_needs_it(
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = source(18, "CREATE VIEW slow AS SELECT query FROM pg_stat_statements")
    manifest, engine = back_up(made), postgresql(tools)
    bare = made.beside(f"{made.name} bare")
    with pytest.raises(RestoreFailed, match=r"view public\.slow") as failed:
        restore_as_new(dumper.vault, manifest, bare.dsn, engine)
    assert "may not make the extension pg_stat_statements" in failed.value.hint
    assert not exists(bare.server, bare.name)
    prepared = source(18, EMPTY)  # from the template in which the provider has made it
    restore(dumper.vault, manifest, prepared.dsn, engine)
    assert prepared.rows("SELECT relname FROM pg_class WHERE relname = 'slow'") == [("slow",)]


@in_a_cloud()
def test_a_function_comes_back_without_the_word_that_only_a_superuser_may_say(
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = source(18, EMPTY)
    says_so = "CREATE FUNCTION same(text) RETURNS text LANGUAGE sql LEAKPROOF AS 'SELECT $1'"
    query(made.server.dsn(made.name), says_so)
    manifest, target = back_up(made), source(18, EMPTY)
    result = restore(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert any("is made without LEAKPROOF" in warning for warning in result.warnings)
    assert target.rows("SELECT same('x'), proleakproof FROM pg_proc WHERE proname = 'same'") == [
        ("x", False)
    ]


@in_a_cloud("source", MASTER)
def test_what_cannot_be_given_to_its_owner_is_there_in_all_else(
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made = source(18, "CREATE SCHEMA shop; CREATE TABLE shop.goods (n int)")
    query(
        made.server.dsn(made.name),
        "CREATE PUBLICATION theirs FOR TABLE shop.goods; COMMENT ON PUBLICATION theirs IS 'ours'",
    )
    manifest, target = back_up(made), source(18, EMPTY)
    result = restore(dumper.vault, manifest, target.dsn, postgresql(tools))
    assert "PUBLICATION theirs" in [each.name for each in result.left_out]
    assert target.rows("SELECT tablename, obj_description(p.oid) FROM pg_publication_tables t"
                       " JOIN pg_publication p USING (pubname)") == [("goods", "ours")]  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("role", [MASTER, OWNER])
def test_a_backup_moves_from_one_provider_to_another(
    role: str,
    cloud_server: Callable[[int], CloudServer],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    made, moved = (cloud_server(major).seen_by(role, "moving") for major in (14, 18))
    made.beside(DATABASE).run("CREATE DATABASE moving")
    made.run(THE_CUSTOMERS)
    manifest, engine = back_up(made), postgresql(tools)
    assert engine.rehearse(moved.dsn, manifest, may_create=True).missing_roles == ()
    result = restore_as_new(dumper.vault, manifest, moved.dsn, engine)
    assert result.missing == ()
    assert moved.rows("SELECT count(*) FROM shop.open") == [(50,)]
    for each in (made, moved):
        each.beside(DATABASE).run("DROP DATABASE moving")


@in_a_cloud("source", FENCED)
def test_whom_pg_hba_fences_in_restores_under_the_final_name(
    source: Callable[..., Source],
    back_up: Callable[[Source], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    fenced = source(name=ADMITTED[0])
    target, engine = fenced.beside(ADMITTED[1]), postgresql(tools)
    manifest = back_up(fenced)
    with pytest.raises(SnapperError) as failed:
        restore_as_new(dumper.vault, manifest, target.dsn, engine)
    assert "--final-name" in failed.value.hint
    assert not exists(target.server, target.name)
    assert unfinished(target.server) == []
    at_once = RestoreOptions(final_name=True)
    restore_as_new(dumper.vault, manifest, target.dsn, engine, options=at_once)
    assert target.rows("SELECT count(*) FROM t") == [(1,)]
    target.beside(DATABASE).run(f'DROP DATABASE "{target.name}"')

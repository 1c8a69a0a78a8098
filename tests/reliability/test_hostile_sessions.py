"""Nothing that somebody planted in a database runs as us, whatever we do there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.demo.compare import compare
from local.demo.definitions import SchemaDump
from local.demo.reload import compare_definitions
from local.demo.writes import transactions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.values.finding import Level
from snapper.values.manifest import Manifest
from snapper.values.secrets import Database
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import Dump, restore, restore_as_new
from tests.support import planted
from tests.support.at_once import restore_at_once
from tests.support.canary import CANARY
from tests.support.databases import AT, Source, job
from tests.support.engines import postgresql
from tests.support.faults import faulted

FAMILY = "sessions: what is planted in a database"
PLANTED = "planted"
"""The database that those of a test are copied from."""

# With what is awkward where a backslash is more than one.
GOODS = r"""
SET search_path = pg_catalog; CREATE SCHEMA app;
CREATE TABLE app.orders (n int PRIMARY KEY, v text, "odd\'name" text DEFAULT 'C:\');
INSERT INTO app.orders SELECT n, n::text FROM generate_series(1, 50) AS n;
CREATE SEQUENCE app.odd; SELECT setval('app.odd', 7);
CREATE VIEW app.seen AS SELECT v FROM app.orders WHERE v <> '\';
COMMENT ON TABLE app.orders IS 'ends in \';
SELECT lo_from_bytea(4711, '\xdeadbeef')
"""


@dataclass(frozen=True)
class Ground:
    """A server on whose databases somebody has planted what would be found by a bare name."""

    server: PostgresServer
    dumper: Dumper

    @property
    def postgres(self) -> Source:
        return Source(self.server, "postgres")

    def make(self, name: str, sql: str = "", *, plain: bool = False) -> Source:
        made, template = Source(self.server, name), "template0" if plain else PLANTED
        self.postgres.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        copied = "STRATEGY file_copy" if self.server.major >= 15 else ""
        self.postgres.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {copied}')
        if sql:
            made.run(sql)
        if not plain:
            planted.lead_astray(made)
        return made

    def back_up(self, source: Source) -> Manifest:
        database = Database("orders", planted.as_victim(source), 1)
        manifest = self.dumper.dump(job(AT), database)
        assert manifest is not None
        return manifest

    def assert_unharmed(self, *others: Source) -> None:
        assert [each.name for each in (self.postgres, *others) if planted.has_run(each)] == []


@pytest.fixture(scope="module", params=[pytest.param(14, marks=pytest.mark.long), 18])
def server(request: pytest.FixtureRequest, run_dir: Path) -> Iterator[PostgresServer]:
    with PostgresServer(
        request.param, run_dir / f"planted-{request.param}", CANARY, tcp=True
    ) as made:
        postgres = Source(made, "postgres")
        planted.plant(postgres)
        # Planting takes seconds, and copying does not.
        Source(made, "template1").run(f'CREATE DATABASE "{PLANTED}" TEMPLATE postgres')
        planted.make_victim(postgres)
        planted.lead_astray(postgres)
        yield made


@pytest.fixture
def ground(server: PostgresServer, dumper: Dumper) -> Ground:
    return Ground(server, dumper)


def test_a_source_is_asked_examined_and_dumped(ground: Ground, tools: ClientTools) -> None:
    source, engine = ground.make("the source", GOODS), postgresql(tools)
    dsn = planted.as_victim(source)
    with faulted(FAMILY):
        facts = engine.inspect(Database("orders", dsn, 1), 300)
        found = [each.level for each in engine.examine(Database("orders", dsn, 1), facts)]
        ground.back_up(source)
        engine.require_server(dsn)
        assert Level.FAILURE not in found
        ground.assert_unharmed(source)


@pytest.mark.long
def test_a_target_is_looked_at_and_filled(ground: Ground, tools: ClientTools) -> None:
    clean = ground.make("clean", GOODS, plain=True)
    manifest, target, engine = ground.back_up(clean), ground.make("filled"), postgresql(tools)
    dsn = planted.as_victim(target)
    with faulted(FAMILY):
        rehearsal = engine.rehearse(dsn, manifest, may_create=False)
        assert rehearsal.content == engine.content(dsn)
        engine.make_roles(dsn, rehearsal)
        restore(ground.dumper.vault, manifest, dsn, engine)
        rows = planted.trusted_rows(target, "SELECT pg_catalog.count(*) FROM app.orders")
        assert rows == [(50,)]
        ground.assert_unharmed(target)


@pytest.mark.long
def test_a_target_is_made_and_a_backup_tried(ground: Ground, tools: ClientTools) -> None:
    source = ground.make("to be copied", GOODS)
    manifest, engine = ground.back_up(source), postgresql(tools)
    copy, another = Source(ground.server, "a copy"), Source(ground.server, "another copy")
    for each in (copy, another):
        ground.postgres.run(f'DROP DATABASE IF EXISTS "{each.name}" WITH (FORCE)')
    with faulted(FAMILY):
        dsn = planted.as_victim(copy)
        engine.make_roles(dsn, engine.rehearse(dsn, manifest, may_create=True))
        restore_as_new(ground.dumper.vault, manifest, dsn, engine)
        restore_at_once(ground.dumper.vault, manifest, planted.as_victim(another), engine)
        tried = engine.try_restore(Dump(ground.dumper.vault, manifest), manifest, dsn)
        assert tried.rows == 50
        ground.assert_unharmed(source, copy, another)


@pytest.mark.long
def test_a_copy_is_compared(ground: Ground, tools: ClientTools) -> None:
    source, copy = ground.make("one", GOODS), ground.make("other", GOODS)
    ours, theirs = planted.as_victim(source), planted.as_victim(copy)
    with faulted(FAMILY):
        assert compare(ours, theirs).identical
        schema = SchemaDump(tools, ground.server.major)
        assert compare_definitions(ours, theirs, schema).differences == ()
        assert transactions(ours)
        ground.assert_unharmed(source, copy)

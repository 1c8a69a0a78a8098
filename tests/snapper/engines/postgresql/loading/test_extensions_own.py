"""Settings that are an extension's own, which no plain role may fill."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from snapper.engines.facts import RestoreOptions
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.loading.task import Loading
from snapper.engines.postgresql.reading.portable import Portable
from snapper.engines.postgresql.trying.confined import restore_confined
from snapper.errors import RestoreFailed
from snapper.values.manifest import Manifest
from snapper.verbs.dump import Dumper
from snapper.verbs.restore import Dump, restore, restore_as_new
from tests.support.anew import Owner
from tests.support.databases import Source, job
from tests.support.engines import postgresql


@contextmanager
def database(server: Source, name: str, sql: str) -> Iterator[Source]:
    server.run(f'CREATE DATABASE "{name}"')
    made = replace(server, name=name)
    made.run(sql)
    yield made
    server.run(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def backed_up(extended: Source, dumper: Dumper) -> Callable[[str], Manifest]:
    def make(sql: str) -> Manifest:
        with database(extended, "source", f"CREATE EXTENSION settled; {sql}") as made:
            manifest = dumper.dump(job(), made.database())
            assert manifest is not None
            return manifest

    return make


def test_where_there_are_none_a_plain_role_restores_all_the_same(
    extended: Source,
    owner: Owner,
    backed_up: Callable[[str], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    backup = backed_up("CREATE TABLE t AS SELECT 1 AS n")
    engine, strict = postgresql(tools), RestoreOptions(strict=True)
    anew = restore_as_new(dumper.vault, backup, owner(extended, "anew"), engine)
    with database(extended, "there", "CREATE EXTENSION settled") as there:
        target = owner(there, "there")
        with pytest.raises(RestoreFailed):
            restore(dumper.vault, backup, target, engine, options=strict)
        found = restore(dumper.vault, backup, target, engine)
        assert there.rows("SELECT n FROM t") == [(1,)]
    for came in (anew, found):
        of_it = [each for each in came.left_out if "settled" in each.name]
        assert {each.kind for each in of_it} >= {"rows", "state of"}
        assert not any(each.rows for each in of_it)


def test_where_there_are_some_they_stop_it(
    extended: Source,
    owner: Owner,
    backed_up: Callable[[str], Manifest],
    dumper: Dumper,
    tools: ClientTools,
) -> None:
    backup = backed_up("INSERT INTO settled VALUES (7)")
    with (
        database(extended, "there", "CREATE EXTENSION settled") as there,
        pytest.raises(RestoreFailed, match=r"rows public\.settled: permission denied"),
    ):
        restore(dumper.vault, backup, owner(there, "there"), postgresql(tools))


def test_a_trial_fills_them(
    extended: Source, backed_up: Callable[[str], Manifest], dumper: Dumper
) -> None:
    backup = backed_up("INSERT INTO settled VALUES (7); SELECT nextval('settled_numbers')")
    with database(extended, "tried", "SELECT 1") as tried:
        restore_confined(
            Dump(dumper.vault, backup),
            Connection.parse(tried.dsn),
            Recorded.of(backup),
            Portable(),
            Loading(RestoreOptions()),
            redactor(tried.dsn),
        )
        assert tried.rows("SELECT s.n, is_called FROM settled s, settled_numbers") == [(7, True)]

"""One table out of a backup in which several statements load it: all of its rows, or nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from snapper.aws.vault import Vault
from snapper.engines.facts import PLAINLY, TrialOptions, Wanted
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.tables import Tables
from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest
from snapper.values.parts import TableRows
from snapper.verbs.checked_copy import checked_copy
from snapper.verbs.contents import read_contents
from snapper.verbs.dump import Dumper
from snapper.verbs.tables import Source as Opened
from snapper.verbs.tables import choose, opened
from snapper.verbs.unpacked import Progress
from tests.support.counting import Counting
from tests.support.databases import Source, job
from tests.support.engines import postgresql
from tests.support.restores import EMPTY, flip, run_psql
from tests.support.several import SPLIT, by_several, part_often

ALL = "SELECT count(*), md5(string_agg(c::text, ';' ORDER BY id)) FROM {} AS c"


@contextmanager
def unseen() -> Iterator[Progress]:
    yield lambda _: None


@pytest.fixture
def original(source: Callable[..., Source]) -> Source:
    return source(17, SPLIT)


@pytest.fixture
def backup(original: Source, dumper: Dumper, monkeypatch: pytest.MonkeyPatch) -> Manifest:
    part_often(monkeypatch)
    manifest = by_several(dumper).dump(job(), original.database())
    assert manifest is not None
    return manifest


def table_of(vault: Vault, manifest: Manifest, name: str) -> TableRows:
    contents = read_contents(vault, manifest)
    assert contents
    found = next(each for each in contents.tables if each.table == name)
    assert len(found.ranges) > 3
    return found


def restore(
    vault: Vault, manifest: Manifest, tools: ClientTools, target: Source, name: str
) -> list[str]:
    engine, said = postgresql(tools).tables, list[str]()
    with opened(vault, manifest, said.append, unseen) as found:
        some = choose(engine, found, Wanted((name,)))
        with found.rows(some, lambda _: None) as rows:
            engine.restore(rows, manifest, target.dsn, some, PLAINLY)
    return said


@pytest.mark.parametrize("listed", [True, pytest.param(False, marks=pytest.mark.long)])
def test_all_its_rows_come_and_no_others(
    listed: bool,
    backup: Manifest,
    original: Source,
    source: Callable[..., Source],
    vault: Vault,
    tools: ClientTools,
) -> None:
    target, counting = source(17, EMPTY), Counting(vault)
    told = backup if listed else replace(backup, contents="")
    said = restore(counting, told, tools, target, "parents")
    assert bool(said) != listed
    assert target.rows(ALL.format("parents")) == original.rows(ALL.format("parents"))
    assert target.rows("SELECT to_regclass('children')") == [(None,)]
    table = table_of(vault, backup, "parents")
    if listed:
        assert table.stored <= counting.read_of[backup.dump_key] < backup.backup_bytes / 2


@pytest.mark.parametrize("number", [pytest.param(1, marks=pytest.mark.long), -1])
def test_damage_in_any_of_its_ranges_leaves_nothing(
    number: int,
    backup: Manifest,
    source: Callable[..., Source],
    vault: Vault,
    tools: ClientTools,
) -> None:
    start, end = table_of(vault, backup, "parents").ranges[number]
    stored = vault.read(backup.dump_key)
    vault.put(backup.dump_key, stored[:start] + flip(stored[start:end]) + stored[end:])
    target = source(17, EMPTY)
    with pytest.raises(BackupDamaged):
        restore(vault, backup, tools, target, "parents")
    assert target.rows("SELECT to_regclass('parents')") == [(None,)]


def script(write: Callable[..., Iterator[bytes]], found: Opened, tables: Tables) -> bytes:
    some = choose(tables, found, Wanted(("children",)))
    with found.rows(some, lambda _: None) as rows:
        return b"".join(write(rows, some))


@pytest.mark.long
def test_its_sql_and_its_csv_have_all_its_rows(
    backup: Manifest,
    original: Source,
    source: Callable[..., Source],
    vault: Vault,
    tools: ClientTools,
) -> None:
    engine, target = postgresql(tools).tables, source(17, EMPTY)
    with opened(vault, backup, lambda _: None, unseen) as found:
        sql = script(engine.as_sql, found, engine)
        csv = script(engine.as_csv, found, engine)
    run_psql(tools, 17, target.dsn, sql)
    assert target.rows(ALL.format("children")) == original.rows(ALL.format("children"))
    assert csv.count(b"\n") == 25_001
    assert csv.startswith(b"id,parent,hash\n1,1,\\x")


@pytest.mark.long
def test_a_trial_restores_it_and_finds_the_rows_that_the_list_says(
    backup: Manifest, vault: Vault, tools: ClientTools
) -> None:
    engine, contents = postgresql(tools), read_contents(vault, backup)
    with checked_copy(vault, backup, lambda _: None, lambda _: None) as dump:
        came = engine.try_restore(dump, backup, "", TrialOptions(contents))
    assert came.proof is not None
    assert (came.rows, came.proof.compared) == (50_100, 4)

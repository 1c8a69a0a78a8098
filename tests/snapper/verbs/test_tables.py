"""One table out of a backup: only its own ranges are read, and a damaged one leaves nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from snapper.aws.vault import Vault
from snapper.engines.facts import PLAINLY, Restoration, Wanted
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.errors import BackupDamaged, SettingsError
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.verbs.contents import read_contents
from snapper.verbs.dump import Dumper
from snapper.verbs.tables import choose, opened, refuse_tables
from snapper.verbs.unpacked import Progress
from tests.support.counting import Counting
from tests.support.databases import Source, job
from tests.support.engines import postgresql
from tests.support.few import few
from tests.support.restores import EMPTY, flip

# A table that is small beside the others, and that hardly can be compressed.
SMALL_AMONG_LARGE = """
CREATE TABLE large AS SELECT n, decode(string_agg(md5((n * 1000 + m)::text), ''), 'hex') AS noise
    FROM generate_series(1, 80) AS n, generate_series(1, 2000) AS m GROUP BY n;
CREATE TABLE small AS SELECT n, md5(n::text) AS noise FROM generate_series(1, 1000) AS n;
CREATE INDEX ON small (noise);
"""


@contextmanager
def unseen() -> Iterator[Progress]:
    yield lambda _: None


def restore(
    vault: Vault, manifest: Manifest, tools: ClientTools, target: str, *names: str
) -> tuple[Restoration, list[str], int]:
    """Restore tables; give what came of it, what was said, and what had to be read for rows."""
    engine, said = postgresql(tools).tables, list[str]()
    with opened(vault, manifest, said.append, unseen) as source:
        some = choose(engine, source, Wanted(names))
        with source.rows(some, lambda _: None) as rows:
            return engine.restore(rows, manifest, target, some, PLAINLY), said, source.size(some)


@pytest.fixture
def backed_up(source: Callable[..., Source], dumper: Dumper) -> Manifest:
    manifest = dumper.dump(job(), source(18, SMALL_AMONG_LARGE).database())
    assert manifest is not None
    return manifest


def test_only_the_ranges_of_the_table_and_the_definitions_are_read(
    backed_up: Manifest, source: Callable[..., Source], vault: Vault, tools: ClientTools
) -> None:
    target, counting = source(18, EMPTY), Counting(vault)
    came, said, size = restore(counting, backed_up, tools, target.dsn, "small")
    assert not said
    assert not came.left_out
    assert target.rows("SELECT count(*), max(noise) FROM small")[0][0] == 1000
    contents = read_contents(vault, backed_up)
    assert contents
    small = next(each for each in contents.tables if each.table == "small")
    assert size == small.end - small.start
    between = sum(each.end - each.start for each in contents.statements)
    assert counting.read_of[backed_up.dump_key] == size + between < backed_up.backup_bytes / 50


@pytest.mark.long
def test_a_table_of_10_mb_in_a_backup_of_a_gigabyte_takes_less_than_15_mb_to_restore(
    source: Callable[..., Source], dumper: Dumper, vault: Vault, tools: ClientTools
) -> None:
    noise = "SELECT n, md5(n::text) || md5((n + 1)::text) AS noise FROM generate_series"
    made = f"CREATE TABLE large AS {noise}(1, 14000000) AS n; CREATE TABLE small AS {noise}"
    manifest = dumper.dump(job(), source(18, f"{made}(1, 142000) AS n").database())
    assert manifest is not None
    target, counting = source(18, EMPTY), Counting(vault)
    restore(counting, manifest, tools, target.dsn, "small")
    assert target.rows("SELECT count(*) FROM small") == [(142_000,)]
    contents = read_contents(vault, manifest)
    assert contents
    large, small = contents.tables
    assert (large.table, small.table) == ("large", "small")
    assert large.bytes > 1_000_000_000
    assert small.bytes > 10_000_000
    assert small.end - small.start < sum(counting.read_of.values()) < 15_000_000


def test_a_backup_without_a_list_is_read_whole_and_it_is_said(
    backed_up: Manifest, source: Callable[..., Source], vault: Vault, tools: ClientTools
) -> None:
    target = source(18, EMPTY)
    _, said, _ = restore(vault, replace(backed_up, contents=""), tools, target.dsn, "small")
    assert said == [
        "this backup was made without a list of its contents, so all of the backup is read"
    ]
    assert target.rows("SELECT count(*) FROM small") == [(1000,)]


def test_a_list_that_is_damaged_is_done_without(
    backed_up: Manifest, source: Callable[..., Source], vault: Vault, tools: ClientTools
) -> None:
    key = object_key(backed_up.database, backed_up.scheduled_at, Kind.CONTENTS)
    vault.put(key, flip(vault.read(key)))
    target = source(18, EMPTY)
    _, said, _ = restore(vault, backed_up, tools, target.dsn, "small")
    assert "so all of the backup is read" in said[0]
    assert target.rows("SELECT count(*) FROM small") == [(1000,)]


@pytest.mark.parametrize("part", few(["rows", "statements"]))
def test_damage_in_what_is_read_leaves_nothing_in_the_target(
    part: str,
    backed_up: Manifest,
    source: Callable[..., Source],
    vault: Vault,
    tools: ClientTools,
) -> None:
    contents = read_contents(vault, backed_up)
    assert contents
    small = next(each for each in contents.tables if each.table == "small")
    hit = small if part == "rows" else contents.statements[-1]
    stored = vault.read(backed_up.dump_key)
    broken = stored[: hit.start] + flip(stored[hit.start : hit.end]) + stored[hit.end :]
    vault.put(backed_up.dump_key, broken)
    target = source(18, EMPTY)
    with pytest.raises(BackupDamaged):
        restore(vault, backed_up, tools, target.dsn, "small")
    assert target.rows("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_a_target_with_such_a_table_or_without_one_is_refused(
    backed_up: Manifest, source: Callable[..., Source], vault: Vault, tools: ClientTools
) -> None:
    target = source(18, "CREATE TABLE small (n int, noise text); INSERT INTO small VALUES (1)")
    engine = postgresql(tools).tables
    for wanted, words, hint in (
        (Wanted(("small",)), "has public.small already", "the table another name: --as"),
        (Wanted(schemas=("public",)), "has public.*small", "a single table another name: --as"),
        (Wanted(("small",), definitions=False), "there are rows in public.small", "--force"),
        (
            Wanted(("small",), named="other", definitions=False),
            "has no public.other",
            "--data-only",
        ),
    ):
        with opened(vault, backed_up, print, unseen) as there:
            some = choose(engine, there, wanted)
        found = engine.rehearse(target.dsn, backed_up, some)
        with pytest.raises(SettingsError, match=words) as refused:
            refuse_tables(found, wanted, force=False, may_make_roles=False)
        assert hint in refused.value.hint


def test_damage_that_cannot_be_followed_is_damage(
    backed_up: Manifest, vault: Vault, tools: ClientTools
) -> None:
    contents = read_contents(vault, backed_up)
    assert contents
    first = contents.statements[0]
    stored = vault.read(backed_up.dump_key)
    engine, wanted, told = postgresql(tools).tables, Wanted(("small",)), 0
    with opened(vault, backed_up, print, unseen) as there:
        true = choose(engine, there, wanted)
    moments = range(40, first.end // 2, 10)
    for middle in moments:
        vault.put(backed_up.dump_key, flip(stored[: 2 * middle]) + stored[2 * middle :])
        with opened(vault, backed_up, print, unseen) as there:
            try:
                # It may be in what fills a byte, and nowhere else.
                assert choose(engine, there, wanted) == true
            except BackupDamaged:
                told += 1
    assert told > len(moments) - 5

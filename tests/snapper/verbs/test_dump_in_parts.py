"""A dump in parts is the whole dump, and its lines are counted where they are left out."""

import gzip
from collections.abc import Callable

import pytest

from snapper.engines.at_once import Skipped
from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest
from snapper.verbs import dump_in_parts
from snapper.verbs.contents import read_contents
from snapper.verbs.dump import Dumper
from snapper.verbs.dump_in_parts import DumpInParts, jobs_for
from tests.support.at_once import parts_of
from tests.support.databases import Source, job
from tests.support.manifests import manifest as made
from tests.support.several import SPLIT, by_several, part_often

THREE = """
CREATE TABLE a AS SELECT 1 AS n;
CREATE TABLE b AS SELECT generate_series(1, 30000) AS n;
CREATE TABLE c AS SELECT 'of a third' AS words;
CREATE INDEX ON b (n);
"""


def backed_up(dumper: Dumper, source: Source) -> tuple[Manifest, bytes]:
    manifest = dumper.dump(job(), source.database())
    assert manifest is not None
    return manifest, gzip.decompress(dumper.vault.read(manifest.dump_key))


def test_the_parts_are_the_whole_dump(source: Callable[..., Source], dumper: Dumper) -> None:
    manifest, plain = backed_up(dumper, source(17, THREE))
    for loaded in (set(), {0}, {1}, {0, 2}, {0, 1, 2}):
        parts = parts_of(dumper.vault, manifest)
        assert [each.table for each in parts.large] == ["a", "b", "c"]
        require_whole(parts, loaded, plain)


def require_whole(parts: DumpInParts, loaded: set[int], plain: bytes) -> None:
    """Put the parts together, with the lines of those that are left out."""
    rows = {number: b"".join(parts.rows(number)) for number in loaded}
    pieces = list(parts.rest(loaded))
    text = b"".join(each for each in pieces if isinstance(each, bytes))
    told = b"".join(parts.before()) + text
    missing = sorted(rows.values(), key=plain.index)
    assert len(told) + sum(map(len, missing)) == len(plain)
    for each in missing:
        plain = plain.replace(each, b"", 1)
    assert told == plain
    lines = [each.lines for each in pieces if isinstance(each, Skipped) and each.lines]
    assert lines == [each.count(b"\n") for each in missing]


def test_a_table_that_several_statements_load_is_one_and_no_line_is_lost(
    source: Callable[..., Source], dumper: Dumper, monkeypatch: pytest.MonkeyPatch
) -> None:
    part_often(monkeypatch)
    manifest, plain = backed_up(by_several(dumper), source(17, SPLIT))
    parts = parts_of(dumper.vault, manifest)
    (number,) = (n for n, each in enumerate(parts.large) if each.table == "parents")
    whole = b"".join(parts.rows(number))
    assert whole.count(b"COPY ") == 1 < plain.count(b'COPY "public"."parents"')
    assert whole.count(b"\n") > 20_000
    for loaded in (set(), {number}):
        pieces = [*parts.before(), *parts.rest(loaded)]
        lines = (e.lines if isinstance(e, Skipped) else e.count(b"\n") for e in pieces)
        assert sum(lines) == plain.count(b"\n")


def test_small_tables_one_behind_the_other_are_read_by_one_request(
    source: Callable[..., Source], dumper: Dumper, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, _ = backed_up(dumper, source(17, THREE))
    contents = read_contents(dumper.vault, manifest)
    assert contents
    parts = parts_of(dumper.vault, manifest, large=1000)
    assert [each.table for each in parts.large] == ["b"]
    asked: list[int] = []
    usual = dumper.vault.open

    def open_(key: str, start: int = 0, end: int | None = None) -> object:
        asked.append(start)
        return usual(key, start, end)

    monkeypatch.setattr(dumper.vault, "open", open_)
    list(parts.rest({0} if list(parts.rows(0)) else ()))
    tables = {each.table: each for each in contents.tables}
    # Those before the large one, the large one, those behind it, and whether the object ends there.
    last = manifest.backup_bytes - 1
    assert sorted(asked) == [tables["a"].start, tables["b"].start, tables["b"].end, last]


def test_an_object_that_goes_on_is_found(source: Callable[..., Source], dumper: Dumper) -> None:
    manifest, _ = backed_up(dumper, source(17, THREE))
    parts = parts_of(dumper.vault, manifest)
    dumper.vault.put(manifest.dump_key, dumper.vault.read(manifest.dump_key) + b"\0")
    with pytest.raises(BackupDamaged, match="is longer than the"):
        list(parts.rest(()))


@pytest.mark.parametrize(("size", "asked", "jobs"), [(1, 0, 1), (1, 3, 3), (10**12, 0, 4)])
def test_a_backup_that_is_large_enough_is_worth_several(
    size: int, asked: int, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dump_in_parts, "jobs_here", lambda *_: 4)
    assert jobs_for(asked, made(dump_bytes=size)) == jobs

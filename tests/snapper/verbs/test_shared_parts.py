"""Small tables share a range of the object, and each is read out of it as it was dumped."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapper.engines.packing import SHARED, Packed
from snapper.engines.strand import Strand
from snapper.engines.stream import GzipStream
from snapper.errors import BackupDamaged
from snapper.values.contents import Contents
from snapper.values.manifest import Manifest
from snapper.values.parts import MOST_SHARED, TableRows
from snapper.verbs.parts import Shared, read_statements, read_table
from tests.support.listed import rows, sha, store_listed
from tests.support.made_bands import AFTER, BEFORE, Text, noise, stored, strand, table
from tests.support.manifests import manifest
from tests.support.twin import MemoryVault

SMALL = b"1\ta name\n2\tanother\n"
SIZES = st.sampled_from([0, 9, 3000, SHARED // 2, SHARED - 200, SHARED + 1, 300_000])


class Counting(MemoryVault):
    """Remembers where ranges began that were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        self.asked.append(start)
        return super().open(key, start, end)


class One:
    """The pieces of one strand."""

    refusal = ""

    def __init__(self, strand: Strand) -> None:
        self._strand = strand

    def check(self) -> None: ...

    def commit(self) -> None: ...

    def __iter__(self) -> Iterator[Packed]:
        return self._strand.pieces()


def backed_up(texts: list[bytes], split: int = 0) -> tuple[Counting, Manifest, Contents]:
    """Store a dump of these parts as a dumper does."""
    stream = GzipStream(One(strand(Text(b"".join(texts), 50_000), split)))
    vault, body = Counting(), stored(stream)
    contents = stream.contents()
    assert contents
    assert contents.covers(len(body))
    assert contents == Contents.from_json(contents.to_json())
    made = manifest(backup_bytes=len(body), dump_bytes=stream.dump_bytes, sha256=stream.sha256)
    vault.put(made.dump_key, body)
    return vault, made, contents


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(SIZES, max_size=9),
    gap=st.integers(0, 9),
    split=st.sampled_from([0, 1, 200_000]),
    seed=st.integers(0, 9),
)
def test_tables_of_any_sizes_are_read_as_they_were_and_each_range_once(
    sizes: list[int], gap: int, split: int, seed: int
) -> None:
    dumped = [table(b"t%d" % at, noise(size, at)) for at, size in enumerate(sizes)]
    between = b"\n\nSELECT pg_catalog.setval('s.s', 7, true);\n"
    vault, made, contents = backed_up([BEFORE, *dumped[:gap], between, *dumped[gap:], AFTER], split)
    shared, told, whole = Shared(), 0, b""
    for part in contents.parts:
        if isinstance(part, TableRows):
            whole += b"".join(read_table(vault, made, part, lambda _: None, shared))
        else:
            whole += b"".join(read_statements(vault, made, part))
    ranges = {each for part in contents.parts for each in part.ranges}
    assert sorted(vault.asked) == sorted(start for start, _ in ranges)
    if split == 0:
        assert whole == b"".join([BEFORE, *dumped[:gap], between, *dumped[gap:], AFTER])
        assert len(whole) == made.dump_bytes
    mixed = list(contents.tables)
    random.Random(seed).shuffle(mixed)  # noqa: S311  any order will do
    for part in mixed:
        found = noise(sizes[int(part.table[1:])], int(part.table[1:]))
        assert b"".join(read_table(vault, made, part).rows) == found, "alone, in any order"
        told += 1
    assert told == len(sizes)


def test_thousands_of_small_tables_are_stored_in_a_fraction_of_what_each_alone_takes() -> None:
    texts = [table(b"t%d" % at, SMALL) for at in range(3000)]
    vault, made, contents = backed_up([BEFORE, *texts, AFTER])
    alone, _ = store_listed(MemoryVault(), texts)
    assert made.backup_bytes < alone.backup_bytes / 5
    assert len({each.ranges for each in contents.tables}) == sum(map(len, texts)) // SHARED + 1
    shared = Shared()
    for each in contents.tables:
        b"".join(read_table(vault, made, each, lambda _: None, shared))
    assert len(vault.asked) == sum(map(len, texts)) // SHARED + 1


def test_a_large_table_keeps_nobody_in_its_range() -> None:
    """Who wants the small one reads no more than small ones."""
    small, large = table(b"small", SMALL), table(b"large", noise(3 * SHARED))
    _, _, contents = backed_up([BEFORE, small, large, small, small, AFTER])
    assert [each.offset is None for each in contents.tables] == [True, True, False, False]
    assert contents.tables[0].stored < 200


@pytest.mark.parametrize(
    "change",
    [
        *({"offset": odd} for odd in (0, 1, 150, 100_000, MOST_SHARED - 1)),
        *({"bytes": odd} for odd in (0, 1, 10_000, 1 << 50)),
        {"sha256": "cd" * 32},
        {"head": "cd" * 32},
        {"start": 40},
        {"end": 99_999_999},
    ],
)
def test_a_forged_share_is_damage(change: dict[str, object]) -> None:
    vault, made, contents = backed_up(
        [BEFORE, *(table(b"t%d" % at, SMALL) for at in range(9)), AFTER]
    )
    forged = replace(contents.tables[4], **change)  # type: ignore[arg-type]
    with pytest.raises(BackupDamaged):
        b"".join(read_table(vault, made, forged))


def test_no_more_than_a_megabyte_is_unpacked_of_what_is_said_to_be_shared() -> None:
    vault = MemoryVault()
    made, contents = store_listed(vault, [b"SET;\n", bytes(50 << 20), rows("public.t")])
    _, zeros = contents.statements
    forged = TableRows("public", "t", 0, 0, zeros.start, zeros.end, sha(b""), offset=7)
    with pytest.raises(BackupDamaged, match="unpacks to more than it should"):
        read_table(vault, made, forged)

"""How tables are shared out: each once, evenly, and never more names than a program takes."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.engines.postgresql.dumping import dealing
from snapper.engines.postgresql.dumping.dealing import LONGEST, MOST, SMALLEST, WORTH, deal
from snapper.engines.postgresql.dumping.listed import Content, Listed
from snapper.engines.postgresql.dumping.shares import shares

_BYTES = st.binary(min_size=1, max_size=63).filter(lambda name: b"\0" not in name)
_NAMES = st.tuples(_BYTES, _BYTES)
_SIZES = st.one_of(st.integers(0, 4 * SMALLEST), st.integers(0, 1 << 45))


def tables(sizes: list[int]) -> tuple[Listed, ...]:
    return tuple(Listed(b"s", b"t%d" % n, size) for n, size in enumerate(sizes))


def contents() -> st.SearchStrategy[Content]:
    """Databases of any size, with any names, and sequences at their tables."""
    listed = st.builds(
        lambda names, size, sequences: Listed(names[0], names[1], size, tuple(sequences)),
        _NAMES,
        _SIZES,
        st.lists(_BYTES, max_size=2),
    )
    unlike = st.lists(listed, max_size=40, unique_by=lambda each: each.pattern)
    return st.builds(Content, unlike.map(tuple), st.integers(0, 1 << 40))


@given(contents(), st.integers(2, 8))
def test_no_table_is_dealt_twice_and_every_band_has_some(content: Content, jobs: int) -> None:
    bands = deal(content, jobs)
    dealt = [each for band in bands for each in band]
    assert len(bands) < jobs
    assert all(bands)
    assert len({each.pattern for each in dealt}) == len(dealt)
    assert set(dealt) <= set(content.tables)
    assert all(each.size >= SMALLEST for each in dealt)


@given(contents(), st.integers(2, 8))
def test_no_band_has_more_than_its_share_and_one_table(content: Content, jobs: int) -> None:
    bands = deal(content, jobs)
    if not bands:
        return
    dealt = [each for band in bands for each in band]
    whole = sum(each.size for each in content.tables) + content.large_objects
    loads = [sum(each.size for each in band) for band in bands]
    loads.append(whole - sum(loads))
    # What is not dealt cannot be shared out, and no table can be cut.
    fixed = whole - sum(each.size for each in dealt)
    largest = max(each.size for each in dealt)
    assert max(loads) <= max(fixed, whole / jobs + largest)
    assert max(loads) <= WORTH * whole


@given(contents(), st.integers(2, 8))
def test_each_table_is_told_to_its_own_band_and_left_out_of_the_rest(
    content: Content, jobs: int
) -> None:
    bands = deal(content, jobs)
    share = shares("snapshot", "key", ["--exclude-table=a"], bands)
    *alone, rest = [[os.fsencode(each) for each in band] for band in share.bands]
    for band, told in zip(bands, alone, strict=True):
        assert [each for each in told if each.startswith(b"--table=")] == [
            b"--table=" + each.pattern for each in band
        ]
        assert b"--exclude-table=a" not in told
    left_out = {b"--exclude-table-data=" + each.pattern for band in bands for each in band}
    assert {each for each in rest if each.startswith(b"--exclude-table-data=")} == left_out
    assert b"--exclude-table=a" in rest


def test_a_huge_table_is_a_band_alone() -> None:
    content = Content(tables([100 << 30, 60 << 30, 50 << 30]), 0)
    assert [[each.size >> 30 for each in band] for band in deal(content, 2)] == [[60, 50]]
    assert [[each.size >> 30 for each in band] for band in deal(content, 3)] == [[60], [50]]


def test_large_objects_count_in_the_band_of_the_rest() -> None:
    content = Content(tables([40 << 30, 30 << 30]), 50 << 30)
    (band,) = deal(content, 2)
    assert [each.size >> 30 for each in band] == [40, 30]


@pytest.mark.parametrize(
    "sizes",
    [[], [0] * 9, [SMALLEST - 1] * 20_000, [100 << 30, 1 << 30, SMALLEST]],
    ids=["none", "empty", "many small", "one for all"],
)
def test_where_others_would_have_little_to_do_there_are_no_bands(sizes: list[int]) -> None:
    assert deal(Content(tables(sizes), 0), 4) == []


def test_many_partitions_are_shared_out() -> None:
    bands = deal(Content(tables([20 << 20] * 500), 0), 4)
    assert [len(band) for band in bands] == [125, 125, 125]


def test_there_are_never_more_names_than_a_program_takes() -> None:
    long = tuple(
        Listed(b"\xc3" * 63, b'"' * 55 + b"%08d" % n, 1 << 30, (b"s" * 130,)) for n in range(5000)
    )
    for content in (Content(long, 0), Content(tables([1 << 30] * 5000), 0)):
        share = shares("snapshot", "key", (), deal(content, 8))
        told = [each for band in share.bands for each in band]
        assert 100 < len(told) < 4 * MOST
        options = len("--exclude-table-data=")
        assert sum(len(os.fsencode(each)) for each in told) < 2 * (LONGEST + options * len(told))


def test_what_is_too_much_to_tell_is_in_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dealing, "MOST", 4)
    monkeypatch.setattr(dealing, "WORTH", 1.0)
    (band,) = deal(Content(tables([9 << 30, 8 << 30, 7 << 30, 6 << 30, 5 << 30]), 0), 2)
    assert {each.size >> 30 for each in band} <= {9, 8, 7, 6}

"""A summary gives records by their digest, and of nonsense nothing, in little memory and time."""

import gzip
import hashlib
import tracemalloc

import pytest

from snapper.values import summary
from snapper.values.keys import DATABASE_KEY
from snapper.values.summary import (
    LARGEST,
    MOST,
    SHARDS,
    digest,
    digest_of,
    pack,
    shard_of,
    summary_key,
    unpack,
)

RECORDS = [b'{"a": 1}\n', b'{"b": "\xc3\xbc"}', b"{}"]


def test_what_was_packed_is_found_by_its_digest() -> None:
    assert unpack(pack(RECORDS)) == {digest_of(each): each for each in RECORDS}
    assert digest_of(b"text") == "1cb251ec0d568de6a929b520c4aed8d1"
    assert unpack(pack([])) == {}


def test_equal_records_make_equal_summaries() -> None:
    assert pack(RECORDS) == pack(RECORDS)


def test_what_would_part_a_record_or_is_too_large_is_left_out() -> None:
    odd = [b"", b"a\0b", b"x" * (LARGEST + 1), b"x" * LARGEST]
    assert list(unpack(pack([*odd, *RECORDS])).values()) == [b"x" * LARGEST, *RECORDS]


def test_no_more_is_packed_than_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "MOST", 10 * 101)
    records = [f"{n:>100}".encode() for n in range(20)]
    assert list(unpack(pack(records)).values()) == records[:10]


@pytest.mark.parametrize(
    "raw", [b"", b"no gzip", gzip.compress(b"", mtime=0)[:-5], b"\x1f\x8b\x08"]
)
def test_of_nonsense_nothing_is_read(raw: bytes) -> None:
    assert unpack(raw) == {}


def test_of_one_that_was_cut_short_whole_records_are_still_good() -> None:
    records = [hashlib.sha512(bytes([n])).hexdigest().encode() for n in range(200)]
    whole = pack(records)
    known = unpack(whole[: len(whole) // 2])
    assert 0 < sum(digest_of(each) in known for each in records) < 200


def test_a_bomb_is_not_unpacked_beyond_what_a_summary_has() -> None:
    bomb = gzip.compress(b"x" * (4 * MOST), 9)
    tracemalloc.start()
    assert [len(each) for each in unpack(bomb).values()] == [MOST]
    assert tracemalloc.get_traced_memory()[1] < 4 * MOST
    tracemalloc.stop()


def test_nor_into_millions_of_records() -> None:
    assert unpack(gzip.compress(bytes(MOST))) == {}
    assert unpack(gzip.compress(b"a\0" * (MOST // 4))) == {}


def test_only_what_may_be_a_digest_is_taken_for_one() -> None:
    md5 = "d41d8cd98f00b204e9800998ecf8427e"
    assert digest(f'"{md5}"') == md5
    assert [digest(etag) for etag in ("", '""', f'"{md5}-2"')] == ["", "", ""]


def test_databases_are_dealt_among_all_and_no_key_of_one_lies_there() -> None:
    shards = {shard_of(f"db{number}") for number in range(1000)}
    assert shards == set(range(SHARDS))
    assert len({summary_key(shard) for shard in shards}) == SHARDS
    assert not any(DATABASE_KEY.fullmatch(summary_key(n).split("/")[0]) for n in shards)

"""Pieces in any order that they may have are one gzip, and the list says where each part lies."""

import gzip
import random
from collections.abc import Iterator, Sequence
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st
from isal import isal_zlib

from snapper.engines.packing import Packed
from snapper.engines.strand import Strand
from snapper.engines.stream import GzipStream
from snapper.values.contents import Contents
from snapper.values.parts import ONE_RANGE, RANGES, TableRows
from tests.support.made_bands import AFTER, BEFORE, Text, follow, noise, stored, strand, table

END = b"\\.\n"
OBJECTS = b"\nBEGIN;\n\nSELECT pg_catalog.lowrite(0, '\\x%b');\n\nCOMMIT;\n"
VALUE = b"\n--\n-- s\n--\n\nSELECT pg_catalog.setval('s.s', 7, true);\n"
EDGES = [b"", b"1\n", b"\\\\.\n\\N\nCOMMIT;\n", b"\n\n\n", b"\xff\xfe COPY x FROM stdin;\n"]
ROWS = st.one_of(
    st.sampled_from(EDGES),
    st.builds(noise, st.sampled_from([200_000, 500_000]), st.integers(0, 9)),
    st.integers(1, 3).map(lambda n: b"%d\ta word that is often said\n" % n * 20_000),
)
TEXTS = st.one_of(
    ROWS.map(lambda rows: (b"t", rows)),
    st.sampled_from([(b"", VALUE), (b"", OBJECTS % b"00"), (b"", OBJECTS % (b"ab" * 200_000))]),
)


def written(name: bytes, text: bytes) -> bytes:
    return table(name, text) if name else text


class Mixed:
    """The pieces of several strands, in an order that a seed chooses among those there may be."""

    def __init__(self, strands: Sequence[Strand], seed: int) -> None:
        self.strands = strands
        self._random = random.Random(seed)  # noqa: S311  any order will do

    refusal = ""

    def check(self) -> None: ...

    def commit(self) -> None: ...

    def __iter__(self) -> Iterator[Packed]:
        first, *bands, last = (iter(strand.pieces()) for strand in self.strands)
        yield from first
        while bands:
            one = self._random.choice(bands)
            while (piece := next(one, None)) and not piece.whole:
                yield piece
            if piece:
                yield piece
            else:
                bands.remove(one)
        yield from last


def unpacked(found: bytes, start: int, end: int) -> bytes:
    return isal_zlib.decompressobj(-15 if start else 31).decompress(found[start:end])


def loaded(found: bytes, part: TableRows) -> bytes:
    """Unpack each range alone, and give the rows of its statement."""
    rows = b""
    for start, end in part.ranges:
        plain = unpacked(found, start, end)
        if part.offset is not None:
            plain = plain[part.offset :]
            plain = plain[: plain.index(b" FROM stdin;\n") + 13 + part.bytes + len(END)]
        head, _, rest = plain.partition(b" FROM stdin;\n")
        assert head.endswith(b'COPY "s"."%b" ("a")' % part.table.encode())
        assert rest.rstrip(b"\n").endswith(END.strip())
        rows += rest[: rest.rindex(END)]
    return rows


@settings(max_examples=25, deadline=None)
@given(
    bands=st.lists(st.lists(TEXTS, max_size=3), min_size=1, max_size=3),
    split=st.sampled_from([1, 100_000, 1 << 20]),
    step=st.sampled_from([9_999, 70_000, 1 << 20]),
    seed=st.integers(0, 99),
)
def test_any_pieces_in_any_order_are_one_gzip_of_all_of_it_and_each_range_is_read_alone(
    bands: list[list[tuple[bytes, bytes]]], split: int, step: int, seed: int
) -> None:
    named = [
        [(name and b"t%d_%d" % (band, at), text) for at, (name, text) in enumerate(texts)]
        for band, texts in enumerate(bands)
    ]
    dumps = [b"".join(written(*each) for each in texts) for texts in named]
    strands = [
        strand(Text(BEFORE, step), 0),
        *(strand(Text(dump, step), split) for dump in dumps),
        strand(Text(AFTER, step), 0),
    ]
    stream = GzipStream(Mixed(strands, seed))
    found = stored(stream)
    plain = gzip.decompress(found)
    gunzip = isal_zlib.decompressobj(31)
    assert gunzip.decompress(found) == plain
    assert gunzip.eof
    assert not gunzip.unused_data
    assert plain.startswith(BEFORE)
    assert plain.endswith(AFTER)
    assert (len(plain), len(found)) == (stream.dump_bytes, stream.backup_bytes)
    assert sha256(found).hexdigest() == stream.sha256
    rows, counts, kinds = follow(plain)
    want = {name.decode(): text for texts in named for name, text in texts if name}
    assert rows == want
    assert sorted(kinds) == sorted(follow(BEFORE + b"".join(dumps) + AFTER)[2])
    contents = stream.contents()
    assert contents
    assert contents.covers(len(found))
    assert contents == Contents.from_json(contents.to_json())
    for part in contents.tables:
        assert loaded(found, part) == want[part.table]
        assert (part.rows, part.bytes) == (counts[part.table], len(want[part.table]))
        assert part.sha256 == sha256(want[part.table]).hexdigest()
    assert {each.table for each in contents.tables} == want.keys()
    for words in contents.statements:
        text = unpacked(found, words.start, words.end)
        assert (words.bytes, words.sha256) == (len(text), sha256(text).hexdigest())
    is_plain = all(each.offset is None and not each.more for each in contents.tables)
    assert contents.version == (ONE_RANGE if is_plain else RANGES)

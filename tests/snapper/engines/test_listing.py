"""A dump is listed while it is compressed: each part can be unpacked alone, and nothing is lost."""

import gzip
import io
from collections.abc import Iterator
from hashlib import sha256

import pytest
from isal import isal_zlib

from snapper.engines.following import Closing, Opening, Piece, RowBytes, Words
from snapper.engines.joined import Joined
from snapper.engines.listing import Listing
from snapper.engines.postgresql.reading.following import Following
from snapper.engines.stage import Stage
from snapper.engines.strand import Strand
from snapper.engines.stream import GzipStream
from snapper.errors import SnapperError
from snapper.values.contents import Contents
from snapper.values.parts import Statements

TABLE = b'\n--\n-- Data\n--\n\nCOPY "s"."t%d" ("a") FROM stdin;\n%b\\.\n'
NOISE = b"".join(b"%d\t%b\n" % (n, sha256(b"%d" % n).hexdigest().encode()) for n in range(30_000))
DUMP = (
    b"SET row_security = off;\n"
    + TABLE % (1, NOISE)
    + TABLE % (2, b"")
    + b"\n\nSET lock_timeout = 0;\n-- end\n"
)


class Source(io.BytesIO):
    """A dump that comes in small pieces."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(5000)

    def check(self) -> None: ...

    def commit(self) -> None: ...

    def stop(self, reason: SnapperError) -> bool:
        raise AssertionError(reason)


def listed(dump: bytes, listing: Listing) -> tuple[bytes, GzipStream]:
    source = Source(dump)
    with Joined(source, Stage(Strand(source, listing))) as pieces:
        stream = GzipStream(pieces)
        return b"".join(iter(lambda: stream.read(10_000), b"")), stream


def plain(stored: bytes, contents: Contents, index: int) -> bytes:
    part = contents.parts[index]
    gunzip = isal_zlib.decompressobj(-15 if part.start else 31)
    return gunzip.decompress(stored[part.start : part.end])


def test_all_parts_are_one_gzip_member_for_older_releases_read_no_other() -> None:
    stored, _ = listed(DUMP, Listing(Following("UTF8")))
    gunzip = isal_zlib.decompressobj(31)
    assert gunzip.decompress(stored) == DUMP
    assert gunzip.eof
    assert not gunzip.unused_data


def test_each_part_is_unpacked_by_itself_and_is_what_the_list_says() -> None:
    stored, stream = listed(DUMP, Listing(Following("UTF8")))
    contents = stream.contents()
    assert contents
    assert gzip.decompress(stored) == DUMP
    assert contents.sha256 == sha256(stored).hexdigest()
    assert b"".join(plain(stored, contents, index) for index in range(4)) == DUMP
    first, empty = contents.tables
    assert plain(stored, contents, 1) == TABLE % (1, NOISE)
    assert (first.schema, first.table, first.rows, first.bytes) == ("s", "t1", 30_000, len(NOISE))
    assert first.sha256 == sha256(NOISE).hexdigest()
    assert (empty.rows, empty.bytes, empty.sha256) == (0, 0, sha256().hexdigest())
    before, after = contents.statements
    assert (before.start, after.end) == (0, len(stored))
    assert (before.kinds, after.bytes) == ({"SET": 1}, len(b"\n\nSET lock_timeout = 0;\n-- end\n"))


def test_a_list_costs_no_more_than_five_bytes_for_each_part() -> None:
    without, _ = listed(DUMP, Listing(Following("UTF8"), most=0))
    stored, _ = listed(DUMP, Listing(Following("UTF8")))
    assert len(stored) - len(without) <= 3 * 5 + 20


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (b"VACUUM;\n", "at line 2 of the dump there is the statement VACUUM"),
        (b"COPY t (a) FROM stdin;\n1\n\\.\n", "a table that is not named with its schema"),
        (b"COMMENT ON TABLE t IS '\n", "of the dump there is an end too early"),
        (b"SET a = '\0';\n", "a zero byte"),
    ],
)
def test_what_cannot_be_followed_is_stored_without_a_list_that_says_why(
    odd: bytes, why: str
) -> None:
    dump = b"SET row_security = off;\n" + odd + NOISE
    stored, stream = listed(dump, Listing(Following("UTF8")))
    assert gzip.decompress(stored) == dump
    assert stream.contents() is None
    assert why in stream.unlisted


def test_no_more_parts_are_listed_than_a_list_may_have() -> None:
    stored, stream = listed(DUMP, Listing(Following("UTF8"), most=2))
    assert gzip.decompress(stored) == DUMP
    assert (stream.contents(), stream.unlisted) == (None, "it has more than 2 parts")


class Liar:
    """Follows a dump badly."""

    def __init__(self, *pieces: Piece | Exception) -> None:
        self._pieces = pieces

    def on(self, block: bytes, /) -> Iterator[Piece]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    def end(self) -> Iterator[Piece]:
        return iter(())


@pytest.mark.parametrize(
    ("pieces", "why"),
    [
        ([ValueError("a secret of a row")], "it could not be followed (ValueError)"),
        ([Words(b"SET"), SnapperError("odd")], "odd"),
        ([RowBytes(b"1\n")], "there are rows of no table"),
        ([Words(b"made up" * 9)], "it could not be followed (IndexError)"),
        ([Opening(b"COPY", "s", "t"), Closing(b"xx", 0)], "it could not be followed (IndexError)"),
        ([], "the end of it could not be followed"),
    ],
)
def test_a_mistake_in_following_costs_the_list_and_never_a_byte_of_the_backup(
    pieces: list[Piece | Exception], why: str
) -> None:
    stored, stream = listed(b"SET;\n", Listing(Liar(*pieces)))
    assert gzip.decompress(stored) == b"SET;\n"
    assert (stream.contents(), stream.unlisted) == (None, why)


def test_large_objects_are_a_part_of_their_own() -> None:
    dump = b"SET row_security = off;\nBEGIN;\n\nSELECT pg_catalog.lo_close(0);\n\nCOMMIT;\n"
    dump += b"\nBEGIN;\n\nCOMMIT;\n\nSET lock_timeout = 0;\n"
    _, stream = listed(dump, Listing(Following("UTF8")))
    contents = stream.contents()
    assert contents
    assert [each.kinds for each in contents.parts if isinstance(each, Statements)] == [
        {"SET": 1},
        {"BEGIN": 2, "SELECT lo_close": 1, "COMMIT": 2},
        {"SET": 1},
    ]

"""A stream that is sealed while it is read: whole or not at all, and nothing stays behind."""

import hashlib
import io
import os
import threading
from typing import BinaryIO

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.errors import DumpFailed
from snapper.sealing.key_file import new_identity
from snapper.sealing.opening import unseal
from snapper.sealing.sealed_stream import SealedStream

KEY = new_identity()
BLOCK = 1 << 20
PIECE = 100_000


class Stream:
    """A source of so many bytes, which may break at one of them; it tells what was asked."""

    def __init__(self, size: int, breaks_at: int | None = None) -> None:
        self.plain = os.urandom(size)
        self._body = io.BytesIO(self.plain)
        self._breaks_at = breaks_at
        self.asked: list[str] = []
        self.threads = set[threading.Thread]()
        self.given = 0

    def piece(self) -> bytes:
        self.threads.add(threading.current_thread())
        if self._breaks_at is not None and self.given + PIECE > self._breaks_at:
            raise KeyError("the source breaks")
        text = self._body.read(PIECE)
        self.given += len(text)
        return text

    def check(self) -> None:
        self.asked.append("check")

    def commit(self) -> None:
        self.asked.append("commit")


def sealing() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "sealing"]


def read_all(stream: SealedStream, size: int) -> bytes:
    pieces = list(iter(lambda: stream.read(size), b""))
    assert all(len(piece) == size for piece in pieces[:-1])
    return b"".join(pieces)


@given(
    st.sampled_from([0, 1, 65535, 65536, 65537, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7]),
    st.sampled_from([1000, 65552, BLOCK, 8 * BLOCK]),
)
def test_gives_a_file_that_its_recipient_opens(size: int, piece: int) -> None:
    source = Stream(size)
    with SealedStream(source, [KEY.recipient]) as stream:
        file = read_all(stream, piece)
        assert stream.read(1) == stream.read() == b""
    assert unseal(file, [KEY]) == source.plain
    assert stream.backup_bytes == len(file)
    assert stream.sha256 == hashlib.sha256(file).hexdigest()
    assert not sealing()


def test_gives_the_rest_without_a_size() -> None:
    source = Stream(3 * BLOCK)
    with SealedStream(source, [KEY.recipient]) as stream:
        file = stream.read(100_000) + stream.read()
    assert unseal(file, [KEY]) == source.plain


def test_every_file_has_a_key_of_its_own() -> None:
    files = []
    for _ in range(2):
        with SealedStream(Stream(0), [KEY.recipient]) as stream:
            files.append(stream.read())
    assert files[0] != files[1]


def test_its_source_is_read_by_who_reads_it_and_asked_as_it_is_asked() -> None:
    source = Stream(BLOCK)
    with SealedStream(source, [KEY.recipient]) as stream:
        stream.read()
        stream.check()
        stream.commit()
    assert source.threads == {threading.current_thread()}
    assert source.asked == ["check", "commit"]


def test_no_more_than_a_few_blocks_of_it_are_in_memory() -> None:
    source = Stream(32 * BLOCK)
    with SealedStream(source, [KEY.recipient]) as stream:
        while stream.read(100_000):
            assert source.given - stream.backup_bytes <= 5 * BLOCK


@pytest.mark.parametrize("at", [0, BLOCK, 10 * BLOCK])
def test_an_error_of_its_source_is_raised_and_is_no_end(at: int) -> None:
    with SealedStream(Stream(12 * BLOCK, breaks_at=at), [KEY.recipient]) as stream:
        for _ in range(3):
            with pytest.raises(KeyError, match="the source breaks"):
                read_all(stream, BLOCK)
    assert not sealing()


@pytest.mark.parametrize("pieces", [0, 1, 5])
def test_who_stops_reading_leaves_nothing_behind(pieces: int) -> None:
    with SealedStream(Stream(12 * BLOCK), [KEY.recipient]) as stream:
        for _ in range(pieces):
            stream.read(BLOCK)
    assert not sealing()


class Panic(BaseException):
    """As the library's own, which is no Exception."""


@pytest.mark.parametrize("error", [MemoryError("no room"), Panic("no room")])
@pytest.mark.parametrize("after", [0, 8192, 5 * BLOCK])
def test_an_error_of_the_library_is_a_failed_dump(
    error: BaseException, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(reader: io.BytesIO, writer: io.BytesIO, keys: object) -> None:
        read = 0
        while read < after:
            text = reader.read(8192)
            read += len(text)
            writer.write(text)
        raise error

    monkeypatch.setattr(pyrage, "encrypt_io", breaking)
    with SealedStream(Stream(12 * BLOCK), [KEY.recipient]) as stream:
        for _ in range(3):
            with pytest.raises(DumpFailed, match="the dump could not be sealed: no room"):
                read_all(stream, BLOCK)
    assert not sealing()


def test_so_is_a_library_that_ends_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    def early(_reader: object, writer: BinaryIO, _keys: object) -> None:
        writer.write(b"age")

    monkeypatch.setattr(pyrage, "encrypt_io", early)
    with SealedStream(Stream(12 * BLOCK), [KEY.recipient]) as stream:
        for _ in range(3):
            with pytest.raises(DumpFailed, match="it ended before the dump did"):
                read_all(stream, BLOCK)

"""Opening: whole and by ranges, and each thing that can be wrong told by its own name."""

import os
from collections.abc import Iterator
from functools import cache
from typing import BinaryIO, cast

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.errors import AwsFailed, BackupAltered, BackupTruncated, NoKey, WrongKey
from snapper.sealing.header import read_header
from snapper.sealing.identity import AgeIdentity
from snapper.sealing.key_file import new_identity
from snapper.sealing.opening import Opened, Ranges, unseal
from snapper.sealing.payload import CHUNK, NONCE, SEALED_CHUNK, unsealed_size
from snapper.sealing.seal import seal
from tests.support.blobs import Blobs

OURS, OTHER, STRANGER = (new_identity() for _ in range(3))
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 40 * CHUNK + 12345)
MANY = 40 * CHUNK + 12345


@cache
def plain(size: int) -> bytes:
    return os.urandom(size)


@cache
def sealed(size: int) -> bytes:
    return seal(plain(size), [OURS.recipient, OTHER.recipient])


def first_chunk(file: bytes) -> int:
    return read_header(file).size + NONCE


def opened(file: bytes, *keys: AgeIdentity, size: int | None = None) -> bytes:
    recipients = [OURS.recipient, OTHER.recipient]
    return unseal(file, keys or (OURS,), name="a backup", recipients=recipients, size=size)


@pytest.mark.parametrize("size", SIZES)
def test_opens_what_was_sealed(size: int) -> None:
    assert opened(sealed(size)) == plain(size)
    assert unsealed_size(len(sealed(size)), read_header(sealed(size)).size) == size


@pytest.mark.parametrize("size", SIZES)
def test_opens_what_pyrage_opens(size: int) -> None:
    (key,) = [pyrage.x25519.Identity.from_str(OURS.text)]
    assert pyrage.decrypt(sealed(size), [key]) == opened(sealed(size))


@given(st.integers(0, MANY - 1), st.integers(1, MANY), st.booleans(), st.booleans())
def test_a_range_is_a_slice_of_the_whole(start: int, length: int, knows: bool, ends: bool) -> None:
    file = sealed(MANY)
    source = Blobs(it=file)
    some = Opened(source, [OURS], sizes={"it": len(file)} if knows else {})
    end = start + length if ends else None
    with some.open("it", start, end) as stream:
        pieces = list(iter(lambda: stream.read(10_000), b""))
    assert b"".join(pieces) == plain(MANY)[start:end]
    assert all(len(piece) == 10_000 for piece in pieces[:-1])
    (_, a, b) = source.asked[-1]
    assert b is None or b - a <= length + 2 * SEALED_CHUNK  # it reads no more than it must


def test_a_header_is_read_once_for_all_ranges() -> None:
    source = Blobs(it=sealed(MANY))
    some = Opened(source, [OURS])
    for start in range(0, MANY, 100_000):
        some.open("it", start, start + 5).read()
    assert len([1 for _, start, _ in source.asked if start == 0]) == 1


def test_a_header_may_be_long() -> None:
    many = [new_identity() for _ in range(100)]
    file = seal(b"for many", [each.recipient for each in many])
    assert read_header(file).size > 8192
    assert unseal(file, [many[-1]]) == b"for many"


def test_an_empty_range_is_empty() -> None:
    assert Opened(Blobs(), [OURS]).open("it", 5, 5).read() == b""


# What can be wrong.


def test_without_a_key_it_says_for_whom_it_is() -> None:
    with pytest.raises(NoKey) as error:
        unseal(sealed(1), [], name="a backup", recipients=[OURS.recipient, OTHER.recipient])
    assert str(error.value) == (
        f"a backup is sealed for {OURS.recipient.short}, {OTHER.recipient.short},"
        " and no key was given"
    )


def test_with_a_wrong_key_it_says_for_whom_it_is_and_by_which_it_was_tried() -> None:
    with pytest.raises(WrongKey) as error:
        opened(sealed(1), STRANGER)
    for each in (OURS, OTHER, STRANGER):
        assert each.recipient.short in str(error.value)


@pytest.mark.parametrize("key", [OURS, OTHER])
def test_one_of_two_keys_is_enough_and_it_says_which(key: AgeIdentity) -> None:
    some = Opened(Blobs(it=sealed(CHUNK)), [STRANGER, key])
    assert some.opened_by("it") == key.recipient
    assert some.open("it").read() == plain(CHUNK)


SIZE = 3 * CHUNK
ENDS = [first_chunk(sealed(SIZE)) + number * SEALED_CHUNK for number in (1, 2)]


@pytest.mark.parametrize("missing", [1, 15, 16, 17, 1000, SEALED_CHUNK - 1, SEALED_CHUNK + 1])
def test_one_that_was_cut_short_is_told_by_its_size(missing: int) -> None:
    file = sealed(SIZE)
    with pytest.raises(BackupTruncated, match="was cut short"):
        opened(file[:-missing], size=len(file))


@pytest.mark.parametrize("end", ENDS, ids=[f"chunk {n}" for n in range(len(ENDS))])
@pytest.mark.parametrize("knows", [True, False])
def test_so_is_one_at_the_end_of_a_chunk_even_if_nobody_knows_its_size(
    end: int, knows: bool
) -> None:
    file = sealed(SIZE)
    with pytest.raises(BackupTruncated, match="was cut short"):
        opened(file[:end], size=len(file) if knows else None)


@given(st.integers(0, 500))
def test_so_is_one_within_its_header(end: int) -> None:
    file = sealed(SIZE)
    with pytest.raises(BackupTruncated, match="was cut short"):
        opened(file[: min(end, first_chunk(file))], size=len(file))


@given(st.integers(0, len(sealed(SIZE)) - 1), st.integers(0, 7), st.booleans())
def test_one_with_any_bit_flipped_was_altered(at: int, bit: int, knows: bool) -> None:
    file = bytearray(sealed(SIZE))
    file[at] ^= 1 << bit
    with pytest.raises(BackupAltered, match="was altered"):
        opened(bytes(file), size=len(file) if knows else None)


@given(st.integers(0, first_chunk(sealed(SIZE)) - 1), st.integers(0, 7))
def test_so_was_one_with_a_flipped_header(at: int, bit: int) -> None:
    file = bytearray(sealed(SIZE))
    file[at] ^= 1 << bit
    with pytest.raises(BackupAltered, match="was altered"):
        opened(bytes(file), OURS, OTHER, size=len(file))


def test_so_was_a_small_one_whose_header_does_not_end() -> None:
    file = seal(b"", [OURS.recipient])
    lost = file[: first_chunk(file) - NONCE - 1] + bytes(NONCE + 17)
    with pytest.raises(BackupAltered, match="its header has no end"):
        opened(lost, size=len(lost))


def test_so_was_one_with_something_behind_its_end() -> None:
    with pytest.raises(BackupAltered, match="was altered"):
        opened(sealed(SIZE) + b"more")


def test_so_was_one_whose_chunks_changed_places() -> None:
    file, at = sealed(SIZE), first_chunk(sealed(SIZE))
    one, two = (file[at + n * SEALED_CHUNK :][:SEALED_CHUNK] for n in (0, 1))
    with pytest.raises(BackupAltered, match="was altered"):
        opened(file[:at] + two + one + file[at + 2 * SEALED_CHUNK :])


@given(st.integers(0, SIZE - 1), st.integers(1, SIZE))
def test_a_range_sees_what_was_altered_in_it(start: int, length: int) -> None:
    end = min(start + length, SIZE)
    file = bytearray(sealed(SIZE))
    at = first_chunk(sealed(SIZE)) + (end - 1) // CHUNK * SEALED_CHUNK + (end - 1) % CHUNK
    file[at] ^= 1
    with pytest.raises(BackupAltered):
        Opened(Blobs(it=bytes(file)), [OURS]).open("it", start, end).read()


@pytest.mark.parametrize("knows", [True, False])
def test_a_range_beyond_what_is_left_was_cut_short(knows: bool) -> None:
    file = sealed(SIZE)
    some = Opened(Blobs(it=file[: ENDS[0]]), [OURS], sizes={"it": len(file)} if knows else {})
    assert some.open("it", 0, CHUNK).read() == plain(SIZE)[:CHUNK]
    for start, end in ((CHUNK - 1, CHUNK + 1), (CHUNK, CHUNK + 1), (CHUNK, 3 * CHUNK)):
        with pytest.raises(BackupTruncated):
            some.open("it", start, end).read()


# An error is no end.


def drain(stream: BinaryIO) -> None:
    while stream.read(CHUNK):
        pass


class Breaking:
    """A source that breaks off, and then gives no more."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces

    def open(self, key: str, start: int = 0, end: int | None = None) -> "Breaking":
        return self

    def read(self, size: int, /) -> bytes:
        piece = next(self.pieces, None)
        if piece is None:
            raise AwsFailed("the connection was reset")
        return piece

    def __enter__(self) -> "Breaking":
        return self

    def __exit__(self, *_: object) -> None: ...


def test_an_error_of_the_source_is_no_end_and_stays_one() -> None:
    file = sealed(MANY)
    pieces = iter([file[:4096], file[first_chunk(file) :][: 20 * SEALED_CHUNK]])
    with Opened(cast("Ranges", Breaking(pieces)), [OURS]).open("it") as stream:
        for _ in range(3):
            with pytest.raises(AwsFailed, match="reset"):
                drain(stream)


def test_so_is_what_was_altered() -> None:
    file = bytearray(sealed(MANY))
    file[-1] ^= 1
    with Opened(Blobs(it=bytes(file)), [OURS]).open("it") as stream:
        for _ in range(3):
            with pytest.raises(BackupAltered):
                drain(stream)


def test_no_error_holds_a_secret() -> None:
    assert OURS.text.startswith("AGE-SECRET-KEY-1")
    assert "SECRET" not in repr(OURS)
    assert repr(OURS._secret) not in repr(OURS)

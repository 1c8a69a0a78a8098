"""Pieces of any size are read in the sizes that are asked for, and no error is an end."""

import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.streams import PieceReader, read_up_to

PIECES = st.lists(st.binary(min_size=1, max_size=20), max_size=8)


def reader(pieces: list[bytes], fault: Exception | None = None) -> PieceReader:
    def given_out() -> Iterator[bytes]:
        yield from pieces
        if fault:
            raise fault

    left = given_out()
    return PieceReader(lambda: next(left, b""))


@given(PIECES, st.lists(st.integers(0, 50), max_size=8))
def test_gives_exactly_what_is_asked_for_until_the_end(
    pieces: list[bytes], sizes: list[int]
) -> None:
    stream, whole = reader(pieces), io.BytesIO(b"".join(pieces))
    for size in sizes:
        assert stream.read(size) == whole.read(size)
    assert stream.read() == whole.read()
    assert stream.read(1) == stream.read() == stream.piece() == b""


@given(PIECES, st.integers(0, 30))
def test_gives_pieces_as_they_come_and_the_rest_of_one_that_was_begun(
    pieces: list[bytes], size: int
) -> None:
    stream = reader(pieces)
    begun = stream.read(size)
    rest = [bytes(piece) for piece in iter(stream.piece, b"")]
    assert begun + b"".join(rest) == b"".join(pieces)
    assert rest[1:] == pieces[len(pieces) - len(rest) + 1 :]


def test_is_not_asked_again_once_it_has_ended() -> None:
    left = iter([b"one", b"", b"two"])
    stream = PieceReader(lambda: next(left))
    assert [stream.read(), stream.read(), stream.piece()] == [b"one", b"", b""]


@pytest.mark.parametrize("fault", [OSError("broken"), KeyError("odd")])
def test_an_error_is_raised_again_and_again(fault: Exception) -> None:
    stream = reader([b"ab", b"cd"], fault)
    assert stream.read(3) == b"abc"
    for _ in range(3):
        with pytest.raises(type(fault)) as caught:
            stream.read(1 << 20)
        assert caught.value is fault
    with pytest.raises(type(fault)):
        stream.piece()


class Dripping(io.BytesIO):
    """Gives a byte at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 1))


@given(st.binary(max_size=9), st.integers(0, 12))
def test_reads_on_where_a_stream_gives_fewer_at_a_time(plain: bytes, size: int) -> None:
    assert read_up_to(Dripping(plain), size) == plain[:size]

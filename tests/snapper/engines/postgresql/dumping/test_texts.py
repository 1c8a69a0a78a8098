"""What each of several pg_dumps writes, cut so that together it is the text of one."""

from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.engines.bands import Text
from snapper.engines.checked_dump import CheckedDump
from snapper.engines.postgresql.dumping.texts import Beginning, Endless, Remainder, RowsOnly, end_of
from snapper.errors import DumpFailed

END = end_of("abc")
HEAD = b"--\n-- PostgreSQL database dump\n--\n\nSET a = 1;\nSET row_security = off;\n\n"
CUTS = st.lists(st.integers(1, 90), min_size=1, max_size=9)
SIZES = st.integers(1, 300)
BODIES = st.sampled_from(
    [b"", b"x", b"COPY t FROM stdin;\n1\n\\.\n\n", HEAD, END, END * 2 + b"y", b"SET row_" * 40]
)


class Pieces:
    """A pg_dump whose output comes in pieces of these lengths, over and over."""

    name = "pg_dump"

    def check(self) -> None:
        pass

    def __init__(self, text: bytes, cuts: list[int] | None = None) -> None:
        self._text = text
        self._cuts = cuts or [1 << 20]
        self._turn = 0

    def read(self, size: int, /) -> bytes:
        self._turn += 1
        length = min(size, self._cuts[self._turn % len(self._cuts)])
        given, self._text = self._text[:length], self._text[length:]
        return given


def dump(text: bytes, cuts: list[int] | None = None) -> CheckedDump:
    return cast("CheckedDump", Pieces(text, cuts))


def read(text: Text, size: int = 1 << 20) -> bytes:
    blocks = []
    while block := text.read(size):
        assert len(block) <= max(size, len(HEAD))
        blocks.append(block)
    assert text.read(size) == b""
    return b"".join(blocks)


@given(BODIES, CUTS, SIZES)
def test_the_end_is_held_back_however_the_text_comes(
    body: bytes, cuts: list[int], size: int
) -> None:
    assert read(Endless(dump(body + END, cuts), END), size) == body


@given(BODIES, CUTS, SIZES)
def test_rows_come_without_the_settings_before_them(
    body: bytes, cuts: list[int], size: int
) -> None:
    assert read(RowsOnly(dump(HEAD + body + END, cuts), END), size) == body


@given(BODIES, BODIES, CUTS, SIZES)
def test_what_stands_behind_the_rows_is_all_but_the_beginning(
    before: bytes, after: bytes, cuts: list[int], size: int
) -> None:
    beginning = Beginning(dump(HEAD + before + END, cuts), END)
    assert read(beginning, size) == HEAD + before
    remainder = Remainder(dump(HEAD + before + after + END, cuts), beginning)
    assert read(remainder, size) == after + END


def test_what_stands_behind_waits_until_the_beginning_is_known() -> None:
    beginning = Beginning(dump(HEAD + b"one" + END, [8]), END)
    remainder = Remainder(dump(HEAD + b"one" + b"two" + END), beginning)
    with ThreadPoolExecutor(1) as other:
        promise = other.submit(read, remainder)
        first = beginning.read(10)
        assert first + read(beginning) == HEAD + b"one"
        assert promise.result() == b"two" + END


def test_it_waits_for_none_that_was_stopped() -> None:
    class Stopped(Pieces):
        def check(self) -> None:
            raise DumpFailed("stopped")

    beginning = Beginning(dump(HEAD + END), END)
    with pytest.raises(DumpFailed, match="stopped"):
        Remainder(cast("CheckedDump", Stopped(b"")), beginning).read(1)


@pytest.mark.parametrize("text", [b"", b"short", b"rows" + end_of("other"), END + b"more"])
def test_another_end_is_none(text: bytes) -> None:
    with pytest.raises(DumpFailed, match="ended with other words"):
        read(Endless(dump(text), END))


@pytest.mark.parametrize("body", [b"", b"rows without settings", b"x" * (1 << 17)])
def test_rows_that_begin_otherwise_are_refused(body: bytes) -> None:
    with pytest.raises(DumpFailed, match="began with other words"):
        read(RowsOnly(dump(body + END), END))


@pytest.mark.parametrize("changed", [HEAD + b"other", HEAD + b"on", HEAD + b""])
def test_two_that_begin_differently_are_not_of_one_snapshot(changed: bytes) -> None:
    beginning = Beginning(dump(HEAD + b"one" + END), END)
    read(beginning)
    with pytest.raises(DumpFailed, match="begin differently") as failed:
        read(Remainder(dump(changed), beginning))
    assert "tried again" in failed.value.hint

"""Ranges of one object that lie one behind the other, read by one request for all of them."""

from collections.abc import Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import BinaryIO, Protocol, Self, cast

from snapper.values.parts import Range


class Ranges(Protocol):
    """What gives ranges of objects as streams, as the vault does."""

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """Give the bytes from `start` up to before `end`."""
        ...


class Runs:
    """Gives these ranges, mostly asked for in their order; the block ends the last request."""

    def __init__(self, vault: Ranges, ranges: Iterable[Range]) -> None:
        self._vault = vault
        self._ends = _ends(sorted(ranges))
        self._body: BinaryIO | None = None
        self._opened = ExitStack()
        self._at = 0

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """Give one of the ranges; what was given before must have been read to its end."""
        if end is None:
            raise ValueError("a range has an end")
        if self._body is None or self._at != start:
            self._close()
            body = self._vault.open(key, start, self._ends.get(start, end))
            self._body = self._opened.enter_context(body)
        self._at = end
        return cast("BinaryIO", _Window(self._body, end - start))

    def _close(self) -> None:
        self._body = None
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()


class _Window:
    """The next so many bytes of a stream, which stays open behind them."""

    def __init__(self, body: BinaryIO, size: int) -> None:
        self._body, self._left = body, size

    def read(self, size: int = -1, /) -> bytes:
        block = self._body.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(block)
        return block

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Leave the stream to the ranges behind this one."""


def _ends(ranges: list[Range]) -> dict[int, int]:
    """Give for the start of each range where those end that follow it without a gap.

    >>> _ends([(0, 5), (5, 7), (9, 12)])
    {9: 12, 5: 7, 0: 7}
    """
    ends: dict[int, int] = {}
    for start, end in reversed(ranges):
        ends[start] = ends.get(end, end)
    return ends

"""Ranges that lie one behind the other are read by one request."""

import io
from typing import BinaryIO

import pytest

from snapper.verbs.runs import Runs

TEXT = bytes(range(100))


class Recording:
    """An object in memory, and which ranges of it were asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int | None]] = []

    def open(self, _: str, start: int = 0, end: int | None = None) -> BinaryIO:
        self.asked.append((start, end))
        return io.BytesIO(TEXT[start:end])


@pytest.mark.parametrize(
    ("ranges", "asked"),
    [
        ([(0, 10), (10, 20), (20, 30)], [(0, 30)]),
        ([(0, 10), (15, 20), (20, 30)], [(0, 10), (15, 30)]),
        ([(7, 8)], [(7, 8)]),
    ],
)
def test_each_range_is_given_and_few_are_asked_for(
    ranges: list[tuple[int, int]], asked: list[tuple[int, int]]
) -> None:
    vault = Recording()
    with Runs(vault, ranges) as runs:
        for start, end in ranges:
            with runs.open("object", start, end) as body:
                assert body.read(4) + body.read() + body.read(1) == TEXT[start:end]
    assert vault.asked == asked


def test_whoever_asks_in_another_order_is_given_the_same() -> None:
    vault = Recording()
    with Runs(vault, [(0, 10), (10, 20)]) as runs:
        assert runs.open("object", 10, 20).read() == TEXT[10:20]
        assert runs.open("object", 0, 10).read() == TEXT[:10]

"""A text file has no tables: a line of its own stands before rows, and none behind them."""

from collections.abc import Iterator, Mapping
from typing import Any

from snapper.engines.following import Words


class Lines:
    """Rows begin behind the first line."""

    def rows_begin(self, beginning: bytes) -> int | None:
        return beginning.find(b"\n") + 1 or None

    def rows_end(self) -> bytes:
        return b""

    def follow(self, part: Mapping[str, Any]) -> "Flow":
        return Flow()


class Flow:
    """Everything is one part."""

    def on(self, block: bytes, /) -> Iterator[Words]:
        yield Words(block, ("LINE",) * block.count(b"\n"))

    def end(self) -> Iterator[Words]:
        return iter(())

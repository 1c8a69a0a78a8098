"""A text file has no tables: a line of its own stands before rows, and none behind them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from snapper.engines.following import Words
from snapper.values.difference import Definition
from snapper.values.manifest import Manifest


class Lines:
    """Rows begin behind the first line."""

    def rows_begin(self, beginning: bytes) -> int | None:
        return beginning.find(b"\n") + 1 or None

    def rows_end(self) -> bytes:
        return b""

    def follow(self, part: Mapping[str, Any]) -> "Flow":
        return Flow()

    def defines(self, kind: str) -> bool:
        return bool(kind)

    def definitions(self, pieces: Iterable[bytes], manifest: Manifest) -> Iterator[Definition]:
        yield Definition("FILE", manifest.database_name, b"".join(pieces).decode())


class Flow:
    """Everything is one part."""

    def on(self, block: bytes, /) -> Iterator[Words]:
        yield Words(block, ("LINE",) * block.count(b"\n"))

    def end(self) -> Iterator[Words]:
        return iter(())

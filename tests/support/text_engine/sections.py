"""A text file has no tables: a line of its own stands before rows, and none behind them."""


class Lines:
    """Rows begin behind the first line."""

    def rows_begin(self, beginning: bytes) -> int | None:
        return beginning.find(b"\n") + 1 or None

    def rows_end(self) -> bytes:
        return b""

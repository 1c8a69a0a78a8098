"""Where a command writes to when it is run in this process."""

import io


class Pipe(io.TextIOWrapper):
    """Text on its way to another program, and its bytes where a command writes such."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def text(self) -> str:
        self.flush()
        found: bytes = self.buffer.getvalue()  # type: ignore[attr-defined]
        return found.decode(errors="replace")

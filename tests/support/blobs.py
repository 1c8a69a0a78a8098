"""Objects in memory that give ranges as the vault does, and tell which were asked for."""

import io
from typing import BinaryIO

Asked = tuple[str, int, int | None]


class Blobs:
    """Objects by name; `asked` are the ranges that were, in their order."""

    def __init__(self, /, **blobs: bytes) -> None:
        self.blobs = blobs
        self.asked: list[Asked] = []

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        self.asked.append((key, start, end))
        return io.BytesIO(self.blobs[key][start:end])

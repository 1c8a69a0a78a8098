"""A vault that counts what is read of it."""

from collections import Counter
from typing import BinaryIO

from snapper.aws.vault import Vault


class Counting(Vault):
    """Counts the bytes of each object that were given out."""

    def __init__(self, vault: Vault) -> None:
        super().__init__(vault.bucket, vault._client)
        self.read_of: Counter[str] = Counter()

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """Give the bytes, and count them when they are read."""
        body = super().open(key, start, end)
        read = body.read

        def counted(size: int = -1, /) -> bytes:
            block = read(size)
            self.read_of[key] += len(block)
            return block

        body.read = counted  # type: ignore[method-assign]  # it is counted in its place
        return body

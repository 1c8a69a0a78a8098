"""A range of what is inside a sealed object, as a stream: chunk by chunk, each checked first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from snapper.errors import BackupAltered, BackupDamaged, BackupTruncated
from snapper.sealing.payload import CHUNK, SEALED_CHUNK, Payload, PayloadWrong
from snapper.streams import Around, PieceReader, read_up_to

_CHUNKS = 16
"""How many are read at once."""


@dataclass(frozen=True)
class Part:
    """From where to where inside of which object, whose chunks begin at `first_byte`.

    `size` is how many bytes the stored object should have, if that is known.
    """

    key: str
    first_byte: int
    start: int
    end: int | None
    size: int | None

    @property
    def first(self) -> int:
        """The number of the first chunk that is needed."""
        return self.start // CHUNK

    @property
    def stored(self) -> tuple[int, int | None]:
        """From where to where it is stored."""
        end = None if self.end is None else self._place(-(-self.end // CHUNK))
        return self._place(self.first), end

    def is_last(self, number: int) -> bool | None:
        """Tell whether a chunk should be the object's last one; None if that is not known."""
        return None if self.size is None else self._place(number + 1) >= self.size

    def _place(self, number: int) -> int:
        return self.first_byte + number * SEALED_CHUNK


class OpenedStream(Around):
    """The bytes of a part."""

    def __init__(self, body: BinaryIO, payload: Payload, part: Part) -> None:
        super().__init__(body)
        self._payload, self._part = payload, part
        self._chunks = self._opened()
        self._reader = PieceReader(lambda: next(self._chunks, b""))

    def read(self, size: int = -1, /) -> bytes:
        """Give `size` bytes, fewer at the end; without a size all that is left."""
        return self._reader.read(size)

    def _opened(self) -> Iterator[bytes]:
        """Give the plain bytes of the part, chunk by chunk."""
        part, number = self._part, self._part.first
        skipped = part.start - number * CHUNK
        left = None if part.end is None else part.end - part.start
        batch = read_up_to(self._body, _CHUNKS * SEALED_CHUNK)
        if not batch:
            raise BackupTruncated(f"{part.key} was cut short: it ends before byte {part.stored[0]}")
        while batch:
            following = read_up_to(self._body, _CHUNKS * SEALED_CHUNK)
            for at in range(0, len(batch), SEALED_CHUNK):
                sealed = batch[at : at + SEALED_CHUNK]
                is_end = not following and at + len(sealed) == len(batch)
                plain = self._chunk(number, sealed, is_end)[skipped:][:left]
                skipped, number = 0, number + 1
                left = None if left is None else left - len(plain)
                if plain:
                    yield plain
            batch = following

    def _chunk(self, number: int, sealed: bytes, is_end: bool) -> bytes:
        """Open a chunk; at the end nothing more comes of what was asked for."""
        asked_end = None if self._part.end is None else -(-self._part.end // CHUNK)
        may_go_on = number + 1 == asked_end and len(sealed) == SEALED_CHUNK
        last = self._part.is_last(number) if is_end and may_go_on else is_end
        try:
            if last is None:
                try:
                    return self._payload.opened(number, sealed, last=False)
                except PayloadWrong:
                    last = True
            return self._payload.opened(number, sealed, last=last)
        except PayloadWrong as error:
            raise self._judged(error, sealed, is_end) from None

    def _judged(self, error: PayloadWrong, sealed: bytes, is_end: bool) -> BackupDamaged:
        part = self._part
        start = part.first_byte + error.number * SEALED_CHUNK
        end = start + len(sealed)
        if is_end and part.size is not None and end < part.size:
            return BackupTruncated(
                f"{part.key} was cut short: it has {end} bytes of the {part.size} that were sealed"
            )
        if error.not_last:
            return BackupTruncated(
                f"{part.key} was cut short: it ends after {end} bytes, at the end of a chunk that"
                " was not the last"
            )
        return BackupAltered(
            f"{part.key} was altered: its bytes {start} to {end} are not those that were sealed"
        )

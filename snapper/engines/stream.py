"""From packed pieces to the object that is stored: one gzip member, its SHA-256 and its list."""

import hashlib
from array import array
from collections import Counter, deque
from collections.abc import Iterator
from itertools import pairwise
from typing import Protocol

from isal import isal_zlib

from snapper.engines.listing import Part
from snapper.engines.packing import Packed
from snapper.streams import Piece, PieceReader
from snapper.values.contents import MANY, Contents
from snapper.values.parts import Range, Statements, TableRows

_HEAD = bytes.fromhex("1f8b08000000000000ff")
"""Of gzip (RFC 1952): deflate, no name, no time, no matter from which system."""

_LAST_BLOCK = b"\x03\x00"
"""The end of deflate (RFC 1951): a last block with nothing in it."""


class Pieces(Protocol):
    """What is to be stored, in the order in which it will be."""

    @property
    def refusal(self) -> str:
        """Why there can be no list; nothing if there can be one."""
        ...

    def __iter__(self) -> Iterator[Packed]:
        """Give all of it, and raise what keeps it from being whole."""
        ...

    def check(self) -> None:
        """Raise if it was stopped."""
        ...

    def commit(self) -> None:
        """Raise if it was stopped, or let nobody be sure any more that it can be."""
        ...


class GzipStream:
    """Reads pieces as one gzip; at the end `sha256`, `dump_bytes`, `backup_bytes` are known."""

    def __init__(self, pieces: Pieces, most: int = MANY) -> None:
        self._pieces = pieces
        self._left = iter(pieces)
        self._most = most
        self._hash = hashlib.sha256()
        self._ready: deque[bytes] = deque()
        self._reader = PieceReader(self._next)
        self._taken = self._crc = 0
        self._parts: list[Part] = []
        self._edges, self._offsets = array("q"), array("q")
        """Where the range of each begins, and how many plain bytes are before it there; a part that
        has several ranges is there several times."""
        self._ended = False
        self.dump_bytes = 0
        self._keep(_HEAD)

    @property
    def sha256(self) -> str:
        """The hexadecimal SHA-256 of all, when all was read."""
        return self._hash.hexdigest()

    @property
    def backup_bytes(self) -> int:
        """How many bytes it has so far."""
        return self._taken

    def contents(self) -> Contents | None:
        """Give the list of what was read, when all was; None where none could be made."""
        if self.unlisted:
            return None
        starts = sorted({*self._edges})
        ends = dict(pairwise([*starts, self.backup_bytes]))
        sharing = Counter(self._edges)
        ranges: dict[Part, list[Range]] = {}
        offsets: dict[Part, int] = {}
        for part, start, offset in zip(self._parts, self._edges, self._offsets, strict=True):
            ranges.setdefault(part, []).append((start, ends[start]))
            if sharing[start] > 1:
                offsets[part] = offset
        parts = [part.listed(found, offsets.get(part)) for part, found in ranges.items()]
        return Contents(
            self.sha256,
            tuple(each for each in parts if isinstance(each, TableRows)),
            tuple(each for each in parts if isinstance(each, Statements)),
        )

    @property
    def unlisted(self) -> str:
        """Why there is no list; nothing if there is one."""
        if len(self._edges) > self._most:
            return f"it has more than {self._most:,} parts"
        return self._pieces.refusal

    def check(self) -> None:
        """Raise what it was stopped with."""
        self._pieces.check()

    def commit(self) -> None:
        """Take the last step, if it was not stopped before."""
        self._pieces.commit()

    def read(self, size: int = -1, /) -> bytes:
        """Give exactly `size` bytes, fewer at the end; raises what the pieces do, each time."""
        return self._reader.read(size)

    def piece(self) -> Piece:
        """Give what comes next, in whatever size it came; nothing at the end. Raises the same."""
        return self._reader.piece()

    def _next(self) -> Piece:
        while not (self._ready or self._ended):
            if piece := next(self._left, None):
                self._take(piece)
            else:
                self._end()
        return self._ready.popleft() if self._ready else b""

    def _take(self, piece: Packed) -> None:
        for part, at, offset in piece.begins:
            if len(self._edges) <= self._most:
                edge = self._taken + at
                # The first range begins with the head of the gzip.
                self._edges.append(edge if edge > len(_HEAD) else 0)
                self._offsets.append(offset)
                self._parts.append(part)
        self._crc = isal_zlib.crc32_combine(self._crc, piece.crc, piece.plain)
        self.dump_bytes += piece.plain
        for text in piece.texts:
            self._keep(text)

    def _end(self) -> None:
        self._ended = True
        size = self.dump_bytes & 0xFFFFFFFF
        self._keep(_LAST_BLOCK + self._crc.to_bytes(4, "little") + size.to_bytes(4, "little"))

    def _keep(self, text: bytes) -> None:
        self._hash.update(text)
        self._ready.append(text)
        self._taken += len(text)

"""From plain SQL to the bytes that are stored: gzip, SHA-256 and counts, on the way."""

import hashlib
from collections.abc import Iterable
from typing import Protocol

from isal import isal_zlib

from snapper.engines.listing import Cut, Listing
from snapper.values.contents import Contents

_BLOCK = 1 << 20

# Level 1 keeps up with pg_dump on one core and packs better than zlib's own level 1.
_LEVEL = 1
_GZIP = 16 + isal_zlib.MAX_WBITS


class Source(Protocol):
    """A stream that gives b"" only at its true end, and raises otherwise."""

    def read(self, size: int, /) -> bytes:
        """Give what has come, at most `size` bytes."""
        ...

    def check(self) -> None:
        """Raise if the source was stopped."""
        ...

    def commit(self) -> None:
        """Raise if the source was stopped, or let nobody be sure any more that it can be."""
        ...


class GzipStream:
    """Reads a source compressed; after the end `sha256`, `dump_bytes`, `backup_bytes` are known.

    With a `listing`, the compressor begins anew with each part, so that each can be unpacked by
    itself: it costs five bytes, and no reader of the whole sees a difference.
    """

    def __init__(self, source: Source, listing: Listing | None = None) -> None:
        self._source = source
        self._listing = listing
        self._gzip = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP)
        self._hash = hashlib.sha256()
        self._ready = bytearray()
        self._edges: list[int] = []
        self._ended = False
        self.dump_bytes = 0
        self.backup_bytes = 0

    @property
    def sha256(self) -> str:
        """The hexadecimal SHA-256 of everything read so far."""
        return self._hash.hexdigest()

    def contents(self) -> Contents | None:
        """Give the list of what was read, when all was; None where none could be made."""
        if not self._listing:
            return None
        return self._listing.contents(self.sha256, [*self._edges, self.backup_bytes])

    @property
    def unlisted(self) -> str:
        """Why there is no list; nothing if there is one."""
        return self._listing.refusal if self._listing else "nobody asked for one"

    def check(self) -> None:
        """Raise what the source was stopped with."""
        self._source.check()

    def commit(self) -> None:
        """Take the last step, if the source was not stopped before."""
        self._source.commit()

    def read(self, size: int = -1, /) -> bytes:
        """Give exactly `size` compressed bytes, fewer at the end; raises what the source does.

        Without a size gives all that is left: s3transfer asks so once a first part came short.
        """
        while not self._ended and (size < 0 or len(self._ready) < size):
            block = self._source.read(_BLOCK)
            self.dump_bytes += len(block)
            self._ended = not block
            for text, begins in self._cut(block):
                if begins:
                    self._begin()
                self._ready += self._gzip.compress(text)
            if self._ended:
                self._ready += self._gzip.flush()
        with memoryview(self._ready) as view:
            given = bytes(view[:size] if size >= 0 else view)
        del self._ready[: len(given)]
        self._hash.update(given)
        self.backup_bytes += len(given)
        return given

    def _cut(self, block: bytes) -> Iterable[Cut]:
        if not self._listing:
            return (Cut(block),) if block else ()
        return self._listing.on(block) if block else self._listing.end()

    def _begin(self) -> None:
        """Note where a part begins; what comes refers to nothing that came before."""
        if self._edges:  # the first part begins with the head of the gzip
            self._ready += self._gzip.flush(isal_zlib.Z_FULL_FLUSH)
        self._edges.append(self.backup_bytes + len(self._ready))

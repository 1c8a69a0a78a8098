"""From plain SQL to the bytes that are stored: gzip, SHA-256 and counts, on the way."""

import hashlib
from typing import Protocol

from isal import isal_zlib

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
    """Reads a source compressed; after the end `sha256`, `dump_bytes`, `backup_bytes` are known."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._gzip = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP)
        self._hash = hashlib.sha256()
        self._ready = bytearray()
        self._ended = False
        self.dump_bytes = 0
        self.backup_bytes = 0

    @property
    def sha256(self) -> str:
        """The hexadecimal SHA-256 of everything read so far."""
        return self._hash.hexdigest()

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
            self._ready += self._gzip.compress(block) if block else self._gzip.flush()
        with memoryview(self._ready) as view:
            given = bytes(view[:size] if size >= 0 else view)
        del self._ready[: len(given)]
        self._hash.update(given)
        self.backup_bytes += len(given)
        return given

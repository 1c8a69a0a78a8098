"""A backup's plain dump out of the object that lies in the vault, checked while it is unpacked."""

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Protocol

from isal import isal_zlib

from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest
from snapper.verbs.ahead import ahead

_BLOCK = 1 << 20
_GZIP = 16 + isal_zlib.MAX_WBITS

Progress = Callable[[int], None]


class Packed(Protocol):
    """The bytes of an object, b"" at their end."""

    def read(self, size: int, /) -> bytes:
        """Give at most `size` bytes."""
        ...


def unpacked(
    body: Packed, manifest: Manifest, progress: Progress = lambda _: None
) -> Iterator[bytes]:
    """Give a backup's plain dump piece by piece; it ends only after all was checked.

    Raises BackupDamaged if size or SHA-256 of the object or the size of the dump disagree with the
    manifest, or if it is no gzip; no byte more than the manifest says is given.
    """
    digest, read, written = hashlib.sha256(), 0, 0
    name = f"what is sealed in {manifest.dump_key}" if manifest.recipients else manifest.dump_key
    gunzip = isal_zlib.decompressobj(_GZIP)
    try:
        while block := body.read(_BLOCK):
            digest.update(block)
            read += len(block)
            if read > manifest.gzip_bytes:
                raise BackupDamaged(
                    f"{name} is not what was stored: it is longer than the "
                    f"{manifest.gzip_bytes} bytes of its manifest"
                )
            progress(read)
            # In pieces: one block of a long row of equal bytes unpacks to a gigabyte.
            while piece := gunzip.decompress(block, _BLOCK):
                written += len(piece)
                if written > manifest.dump_bytes:
                    raise BackupDamaged(
                        f"{name} unpacks to more than its dump: its manifest says "
                        f"{manifest.dump_bytes} bytes"
                    )
                yield piece
                block = gunzip.unconsumed_tail
    except isal_zlib.error as error:  # type: ignore[misc]  # the stub lacks the class
        raise BackupDamaged(f"{name} is not a complete gzip{why(error)}") from None
    if read != manifest.gzip_bytes or digest.hexdigest() != manifest.gzip_sha256:
        raise BackupDamaged(
            f"{name} is not what was stored: {read} bytes of SHA-256 "
            f"{digest.hexdigest()}, its manifest says {manifest.gzip_bytes} of"
            f" {manifest.gzip_sha256}"
        )
    if not gunzip.eof or written != manifest.dump_bytes:
        raise BackupDamaged(f"{name} unpacks to {written} bytes, not to its dump")


def unpacked_ahead(
    body: Packed, manifest: Manifest, progress: Progress = lambda _: None
) -> Iterator[bytes]:
    """Give and raise the same; some of it is read and unpacked while the rest is worked with.

    `progress` is given the bytes of which all before them were taken.
    """
    read = told = 0

    def count(size: int) -> None:
        nonlocal read
        read = size

    pieces = ((read, piece) for piece in unpacked(body, manifest, count))
    for at, piece in ahead(pieces):
        if at != told:
            told = at
            progress(at)
        yield piece


def why(error: Exception) -> str:
    """Give what the library says, without its number: `Error -6 Incorrect checksum found`."""
    words = re.sub(r"^Error -?[0-9]+ ", "", str(error)).strip()
    return f": {words[:1].lower()}{words[1:]}" if words else ""

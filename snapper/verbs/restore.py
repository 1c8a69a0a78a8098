"""Restore one backup into a database: checked before it can harm, final only when it is whole."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from isal import isal_zlib

from snapper.aws.vault import Vault
from snapper.engines.engine import Engine
from snapper.engines.facts import PLAINLY, Restoration, RestoreOptions
from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest

_BLOCK = 1 << 20
_GZIP = 16 + isal_zlib.MAX_WBITS

Progress = Callable[[int], None]


def restore(
    vault: Vault,
    manifest: Manifest,
    target: str,
    engine: Engine,
    progress: Progress = lambda _: None,
    checking: Progress = lambda _: None,
    options: RestoreOptions = PLAINLY,
) -> Restoration:
    """Fill a database that is there with a backup, which is read and checked whole before.

    `checking` is called with the compressed bytes that were checked so far, `progress` with those
    that were restored. Raises BackupDamaged if the object is not what the manifest says, AwsFailed:
    then nothing was sent. Raises RestoreFailed, DatabaseUnreachable: nothing was committed, or a
    note says that it is not known.
    """
    # Not at the top: it reads as this does.
    from snapper.verbs.checked_copy import checked_copy

    with checked_copy(vault, manifest, checking, progress) as dump:
        return engine.restore(dump, manifest, target, options)


def restore_as_new(
    vault: Vault,
    manifest: Manifest,
    target: str,
    engine: Engine,
    progress: Progress = lambda _: None,
    options: RestoreOptions = PLAINLY,
) -> Restoration:
    """Restore a backup into a database that is made for it; gives and raises as `restore` does.

    The database has its name only when it is whole, so the backup is checked while it flows.
    """
    return engine.restore_as_new(Dump(vault, manifest, progress), manifest, target, options)


@dataclass(frozen=True)
class Dump:
    """A backup's plain dump, which can be read as often as there is a need to; see `read_back`."""

    vault: Vault
    manifest: Manifest
    progress: Progress = lambda _: None

    def __iter__(self) -> Iterator[bytes]:
        """Read it from its beginning."""
        return read_back(self.vault, self.manifest, self.progress)


def read_back(
    vault: Vault, manifest: Manifest, progress: Progress = lambda _: None
) -> Iterator[bytes]:
    """Give a backup's plain dump from the vault; see `unpacked`."""
    with vault.open(manifest.dump_key) as body:
        yield from unpacked(body, manifest, progress)


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
    gunzip = isal_zlib.decompressobj(_GZIP)
    try:
        while block := body.read(_BLOCK):
            digest.update(block)
            read += len(block)
            if read > manifest.backup_bytes:
                raise BackupDamaged(
                    f"{manifest.dump_key} is not what was stored: it is longer than the "
                    f"{manifest.backup_bytes} bytes of its manifest"
                )
            progress(read)
            # In pieces: one block of a long row of equal bytes unpacks to a gigabyte.
            while piece := gunzip.decompress(block, _BLOCK):
                written += len(piece)
                if written > manifest.dump_bytes:
                    raise BackupDamaged(
                        f"{manifest.dump_key} unpacks to more than its dump: its manifest says "
                        f"{manifest.dump_bytes} bytes"
                    )
                yield piece
                block = gunzip.unconsumed_tail
    except isal_zlib.error as error:  # type: ignore[misc]  # the stub lacks the class
        why = _why(error)
        raise BackupDamaged(f"{manifest.dump_key} is not a complete gzip{why}") from None
    if read != manifest.backup_bytes or digest.hexdigest() != manifest.sha256:
        raise BackupDamaged(
            f"{manifest.dump_key} is not what was stored: {read} bytes of SHA-256 "
            f"{digest.hexdigest()}, its manifest says {manifest.backup_bytes} of {manifest.sha256}"
        )
    if not gunzip.eof or written != manifest.dump_bytes:
        raise BackupDamaged(f"{manifest.dump_key} unpacks to {written} bytes, not to its dump")


def _why(error: Exception) -> str:
    """Give what the library says, without its number: `Error -6 Incorrect checksum found`."""
    words = re.sub(r"^Error -?[0-9]+ ", "", str(error)).strip()
    return f": {words[:1].lower()}{words[1:]}" if words else ""

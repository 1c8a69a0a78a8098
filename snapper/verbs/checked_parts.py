"""Tables' parts of a backup that are read and checked whole before the first byte of them is used.

They are kept meanwhile in a file of no name, compressed, as in `checked_copy`.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from isal import isal_zlib

from snapper.errors import SnapperError
from snapper.values.manifest import Manifest
from snapper.values.parts import TableRows
from snapper.verbs.parts import Shared, read_table
from snapper.verbs.unpacked import Progress
from snapper.verbs.unsealed import Backups

_BLOCK = 1 << 20


@contextmanager
def checked_parts(
    vault: Backups, manifest: Manifest, parts: Iterable[TableRows], progress: Progress
) -> Iterator[Iterable[bytes]]:
    """Read the parts, then give them one behind the other, as a dump that can be read again.

    `progress` is given the stored bytes that were read so far. Raises BackupDamaged, AwsFailed,
    SnapperError where there is no room.
    """
    with ExitStack() as stack:
        try:
            # Without a buffer nothing is left to be written when it is closed on a full disk.
            file = tempfile.TemporaryFile(buffering=0, prefix="snapper-")  # noqa: SIM115  the stack
            copy = stack.enter_context(file)
            _keep(copy, vault, manifest, parts, progress)
        except OSError as error:
            raise SnapperError(
                f"rows of {manifest.dump_key} cannot be kept in {tempfile.gettempdir()} while they"
                f" are checked: {error.strerror}",
                hint="set TMPDIR to a folder with more room",
            ) from None
        yield _Copy(copy)


def _keep(
    copy: IO[bytes],
    vault: Backups,
    manifest: Manifest,
    parts: Iterable[TableRows],
    progress: Progress,
) -> None:
    packing = isal_zlib.compressobj(1)
    done = last = 0

    def count(read: int) -> None:
        nonlocal last
        last = read
        progress(done + read)

    shared = Shared()
    for part in parts:
        for piece in read_table(vault, manifest, part, count, shared):
            _write(copy, packing.compress(piece))
        done, last = done + last, 0
    _write(copy, packing.flush())


def _write(copy: IO[bytes], packed: bytes) -> None:
    left = memoryview(packed)
    while left:
        left = left[copy.write(left) :]


class _Copy:
    """What was checked; one reading at a time."""

    def __init__(self, copy: IO[bytes]) -> None:
        self._copy = copy

    def __iter__(self) -> Iterator[bytes]:
        self._copy.seek(0)
        unpacking = isal_zlib.decompressobj()
        while block := self._copy.read(_BLOCK):
            while piece := unpacking.decompress(block, _BLOCK):
                yield piece
                block = unpacking.unconsumed_tail

"""A backup that is read and checked whole before the first byte of it is used.

It is kept meanwhile in a file of no name, in the folder for temporary files (TMPDIR): it goes with
us, however we end, and what was checked is what is used, whatever becomes of the object.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from snapper.errors import SnapperError
from snapper.values.manifest import Manifest
from snapper.verbs.unpacked import Progress, unpacked, unpacked_ahead
from snapper.verbs.unsealed import Backups, gzip_of


@contextmanager
def checked_copy(
    vault: Backups, manifest: Manifest, checking: Progress, progress: Progress
) -> Iterator[Iterable[bytes]]:
    """Read the object, then give the plain dump of the copy, which is checked at each reading.

    `checking` is given the compressed bytes that were read first, `progress` those that are used.
    Raises what `unpacked` raises, SnapperError where there is no room.
    """
    try:
        # Without a buffer nothing is left to be written when it is closed on a full disk.
        copy = tempfile.TemporaryFile(buffering=0, prefix="snapper-")  # noqa: SIM115  see `with`
    except OSError as error:
        raise _no_room(manifest, error) from None
    with copy:
        with gzip_of(vault, manifest) as body:
            for _ in unpacked(_Kept(body, copy, manifest), manifest, checking):
                pass
        yield _Copy(copy, manifest, progress)


class _Copy:
    """The plain dump, which can be read as often as there is a need to, one reading at a time."""

    def __init__(self, copy: IO[bytes], manifest: Manifest, progress: Progress) -> None:
        self._copy, self._manifest, self._progress = copy, manifest, progress

    def __iter__(self) -> Iterator[bytes]:
        self._copy.seek(0)
        return unpacked_ahead(self._copy, self._manifest, self._progress)


class _Kept:
    """Reads a stream, and writes down what was read."""

    def __init__(self, body: BinaryIO, copy: IO[bytes], manifest: Manifest) -> None:
        self._body, self._copy, self._manifest = body, copy, manifest

    def read(self, size: int, /) -> bytes:
        block = self._body.read(size)
        try:
            left = memoryview(block)
            while left:
                left = left[self._copy.write(left) :]
        except OSError as error:
            raise _no_room(self._manifest, error) from None
        return block


def _no_room(manifest: Manifest, error: OSError) -> SnapperError:
    return SnapperError(
        f"{manifest.dump_key} cannot be kept in {tempfile.gettempdir()} while it is checked:"
        f" {error.strerror}",
        hint=f"set TMPDIR to a folder with room for {manifest.gzip_bytes} bytes, or restore into"
        " a new database (--create)",
    )

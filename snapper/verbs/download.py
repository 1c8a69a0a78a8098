"""Copy a backup out of the vault into a file: in pieces, resumable, checked."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from snapper.errors import BackupDamaged, SettingsError
from snapper.values.manifest import Manifest
from snapper.verbs.private_file import give_name, open_private
from snapper.verbs.runs import Ranges

_BLOCK = 1 << 20

Progress = Callable[[int], None]


@dataclass(frozen=True)
class _Wanted:
    """What is copied: the stored object, or the gzip that is sealed in it; what it is to be."""

    key: str
    size: int
    sha256: str


def _wanted(manifest: Manifest, *, opened: bool) -> _Wanted:
    if opened:
        return _Wanted(manifest.dump_key, manifest.gzip_bytes, manifest.gzip_sha256)
    return _Wanted(manifest.dump_key, manifest.backup_bytes, manifest.sha256)


def download(
    vault: Ranges,
    manifest: Manifest,
    target: Path,
    progress: Progress = lambda _: None,
    *,
    opened: bool = False,
) -> None:
    """Write a backup to `target`, going on where an earlier attempt of the same backup stopped.

    What is not yet whole lies beside the target with the ending `.part`; the target appears only
    when size and SHA-256 are those of the manifest. Both are for this user alone. `progress` is
    given the bytes there are. What is sealed is written as it is stored, or as it is `opened` by
    where it is read. Raises SettingsError if the target exists or the part is not ours,
    BackupDamaged (and drops the part) if the bytes are wrong, AwsFailed (and keeps the part).
    """
    wanted = _wanted(manifest, opened=opened)
    if target.exists() and not target.is_file():
        raise SettingsError(f"{target} is not a file", hint="write to stdout in its place: -o -")
    if os.path.lexists(target):
        raise SettingsError(f"{target} exists already", hint="name another file, or remove it")
    part = target.with_name(f"{target.name}.{wanted.sha256[:12]}.part")
    digest = hashlib.sha256()
    try:
        with open_private(part) as file:
            file.seek(0)
            while block := file.read(_BLOCK):
                digest.update(block)
            progress(file.tell())
            size = _copy(vault, wanted, file.tell(), file, digest.update, progress)
            file.flush()
            _check(wanted, size, digest.hexdigest(), part)
            give_name(file, part, target)
    except OSError as error:
        raise SettingsError(f"{part} cannot be written: {error.strerror}") from None


def stream(
    vault: Ranges,
    manifest: Manifest,
    output: BinaryIO,
    progress: Progress = lambda _: None,
    *,
    opened: bool = False,
) -> None:
    """Write a backup to a stream; raise BackupDamaged at its end if the bytes were wrong.

    More bytes than the manifest says are never written.
    """
    wanted, digest = _wanted(manifest, opened=opened), hashlib.sha256()
    size = _copy(vault, wanted, 0, output, digest.update, progress)
    _check(wanted, size, digest.hexdigest(), None)


def _copy(
    vault: Ranges,
    wanted: _Wanted,
    start: int,
    output: BinaryIO,
    note: Callable[[bytes], None],
    progress: Progress,
) -> int:
    """Append the object's bytes from `start` on; give the size there is then."""
    size = start
    if size < wanted.size:
        with vault.open(wanted.key, start) as body:
            while block := body.read(_BLOCK):
                size += len(block)
                if size > wanted.size:
                    break  # and it is found to be too long
                output.write(block)
                note(block)
                progress(size)
    return size


def _check(wanted: _Wanted, size: int, sha256: str, part: Path | None) -> None:
    if size == wanted.size and sha256 == wanted.sha256:
        return
    if part is not None:
        part.unlink()
    raise BackupDamaged(
        f"{wanted.key} is not what was stored: {size} bytes of SHA-256 {sha256}, "
        f"its manifest says {wanted.size} of {wanted.sha256}",
        hint="" if part is None else "the part that was fetched is removed: try again",
    )

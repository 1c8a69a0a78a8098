"""Copy a backup out of the vault into a file: in pieces, resumable, checked."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged, SettingsError
from snapper.values.manifest import Manifest
from snapper.verbs.private_file import give_name, open_private

_BLOCK = 1 << 20

Progress = Callable[[int], None]


def download(
    vault: Vault, manifest: Manifest, target: Path, progress: Progress = lambda _: None
) -> None:
    """Write a backup to `target`, going on where an earlier attempt of the same backup stopped.

    What is not yet whole lies beside the target with the ending `.part`; the target appears only
    when size and SHA-256 are those of the manifest. Both are for this user alone. `progress` is
    given the bytes there are. Raises SettingsError if the target exists or the part is not ours,
    BackupDamaged (and drops the part) if the bytes are wrong, AwsFailed (and keeps the part).
    """
    if target.exists() and not target.is_file():
        raise SettingsError(f"{target} is not a file", hint="write to stdout in its place: -o -")
    if os.path.lexists(target):
        raise SettingsError(f"{target} exists already", hint="name another file, or remove it")
    part = target.with_name(f"{target.name}.{manifest.sha256[:12]}.part")
    digest = hashlib.sha256()
    try:
        with open_private(part) as file:
            file.seek(0)
            while block := file.read(_BLOCK):
                digest.update(block)
            progress(file.tell())
            size = _copy(vault, manifest, file.tell(), file, digest.update, progress)
            file.flush()
            _check(manifest, size, digest.hexdigest(), part)
            give_name(file, part, target)
    except OSError as error:
        raise SettingsError(f"{part} cannot be written: {error.strerror}") from None


def stream(
    vault: Vault, manifest: Manifest, output: BinaryIO, progress: Progress = lambda _: None
) -> None:
    """Write a backup to a stream; raise BackupDamaged at its end if the bytes were wrong.

    More bytes than the manifest says are never written.
    """
    digest = hashlib.sha256()
    size = _copy(vault, manifest, 0, output, digest.update, progress)
    _check(manifest, size, digest.hexdigest(), None)


def _copy(
    vault: Vault,
    manifest: Manifest,
    start: int,
    output: BinaryIO,
    note: Callable[[bytes], None],
    progress: Progress,
) -> int:
    """Append the object's bytes from `start` on; give the size there is then."""
    size = start
    if size < manifest.backup_bytes:
        with vault.open(manifest.dump_key, start) as body:
            while block := body.read(_BLOCK):
                size += len(block)
                if size > manifest.backup_bytes:
                    break  # and it is found to be too long
                output.write(block)
                note(block)
                progress(size)
    return size


def _check(manifest: Manifest, size: int, sha256: str, part: Path | None) -> None:
    if size == manifest.backup_bytes and sha256 == manifest.sha256:
        return
    if part is not None:
        part.unlink()
    raise BackupDamaged(
        f"{manifest.dump_key} is not what was stored: {size} bytes of SHA-256 {sha256}, "
        f"its manifest says {manifest.backup_bytes} of {manifest.sha256}",
        hint="" if part is None else "the part that was fetched is removed: try again",
    )

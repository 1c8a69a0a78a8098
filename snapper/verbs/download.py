"""Copy a backup out of the vault into a file: in pieces, resumable, checked."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged, SettingsError
from snapper.values.manifest import Manifest

_BLOCK = 1 << 20

Progress = Callable[[int], None]


def download(
    vault: Vault, manifest: Manifest, target: Path, progress: Progress = lambda _: None
) -> None:
    """Write a backup to `target`, going on where an earlier attempt of the same backup stopped.

    What is not yet whole lies beside the target with the ending `.part`; the target appears only
    when size and SHA-256 are those of the manifest. `progress` is given the bytes there are. Raises
    SettingsError if the target exists, BackupDamaged (and drops the part) if the bytes are wrong,
    AwsFailed (and keeps the part).
    """
    if target.exists() and not target.is_file():
        raise SettingsError(f"{target} is not a file", hint="write to stdout in its place: -o -")
    if target.exists():
        raise SettingsError(f"{target} exists already", hint="name another file, or remove it")
    part = target.with_name(f"{target.name}.{manifest.sha256[:12]}.part")
    digest = hashlib.sha256()
    try:
        with part.open("ab+") as file:
            file.seek(0)
            while block := file.read(_BLOCK):
                digest.update(block)
            progress(file.tell())
            _copy(vault, manifest, file.tell(), file, digest.update, progress)
            size = file.tell()
    except OSError as error:
        raise SettingsError(f"{part} cannot be written: {error.strerror}") from None
    _check(manifest, size, digest.hexdigest(), part)
    part.replace(target)


def stream(
    vault: Vault, manifest: Manifest, output: BinaryIO, progress: Progress = lambda _: None
) -> None:
    """Write a backup to a stream; raise BackupDamaged at its end if the bytes were wrong."""
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
                output.write(block)
                note(block)
                size += len(block)
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

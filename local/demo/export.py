"""Copies backups out of the vault into a folder that is laid out like it."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged, SettingsError
from snapper.values.manifest import Manifest
from snapper.verbs.private_file import make_private

_BLOCK = 1 << 20


def check_folder(folder: Path) -> None:
    """Raise SettingsError if the folder cannot be made or written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{folder} cannot be created: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(f"{folder} cannot be written to")


def export(vault: Vault, manifests: Iterable[Manifest], folder: Path) -> tuple[str, ...]:
    """Copy each backup and its manifest; give the files, relative to the folder.

    What was written is read back and held against the manifest's SHA-256. A file that is there
    with the same content is left alone. Raises SettingsError for one with another content,
    BackupDamaged if what was read is not what was stored.
    """
    written = []
    for manifest in manifests:
        _copy(vault, manifest.dump_key, folder / manifest.dump_key, manifest.sha256)
        text = vault.read(manifest.key)
        _place(folder / manifest.key, hashlib.sha256(text).hexdigest(), [text])
        written += [manifest.dump_key, manifest.key]
    return tuple(written)


def _copy(vault: Vault, key: str, target: Path, sha256: str) -> None:
    with vault.open(key) as body:
        _place(target, sha256, iter(lambda: body.read(_BLOCK), b""))


def _place(target: Path, sha256: str, blocks: Iterable[bytes]) -> None:
    """Write beside the target, check what the disk holds, then move it into place."""
    if target.exists():
        if target.is_file() and _digest(target) == sha256:
            return
        raise SettingsError(
            f"{target} exists already with other content", hint="choose an empty folder"
        )
    draft = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with make_private(draft) as file:
            for block in blocks:
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        if _digest(draft) != sha256:
            raise BackupDamaged(f"{target} is not what was stored, and was removed")
        draft.rename(target)
    except OSError as error:
        raise SettingsError(f"{target} cannot be written: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()

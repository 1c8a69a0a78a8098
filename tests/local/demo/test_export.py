"""Backups copied out: checked on the disk, and never over a file with other content."""

import hashlib
import io
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from local.demo.export import check_folder, export
from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged, SettingsError
from snapper.values.manifest import Manifest
from tests.support.manifests import manifest

DUMP = b"a gzip of a dump" * 1000


class MemoryVault:
    """Objects by key."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(self.objects[key])

    def read(self, key: str) -> bytes:
        return self.objects[key]


MANIFEST = manifest(backup_bytes=len(DUMP), sha256=hashlib.sha256(DUMP).hexdigest())


def vault(dump: bytes = DUMP) -> Vault:
    objects = {MANIFEST.dump_key: dump, MANIFEST.key: MANIFEST.to_json().encode()}
    return cast("Vault", MemoryVault(objects))


def test_a_backup_and_its_manifest_are_copied(tmp_path: Path) -> None:
    assert export(vault(), [MANIFEST], tmp_path) == (MANIFEST.dump_key, MANIFEST.key)
    assert (tmp_path / MANIFEST.dump_key).read_bytes() == DUMP
    assert Manifest.from_json((tmp_path / MANIFEST.key).read_text()) == MANIFEST


def test_exporting_again_changes_nothing(tmp_path: Path) -> None:
    export(vault(), [MANIFEST], tmp_path)
    before = (tmp_path / MANIFEST.dump_key).stat()
    export(vault(), [MANIFEST], tmp_path)
    after = (tmp_path / MANIFEST.dump_key).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize("key", [MANIFEST.dump_key, MANIFEST.key])
def test_another_file_of_that_name_is_not_overwritten(tmp_path: Path, key: str) -> None:
    (tmp_path / "orders").mkdir()
    (tmp_path / key).write_text("precious")
    with pytest.raises(SettingsError, match="other content"):
        export(vault(), [MANIFEST], tmp_path)
    assert (tmp_path / key).read_text() == "precious"


def test_a_damaged_backup_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(BackupDamaged):
        export(vault(b"other bytes"), [MANIFEST], tmp_path)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be created"):
        check_folder(tmp_path / "file")


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    check_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()

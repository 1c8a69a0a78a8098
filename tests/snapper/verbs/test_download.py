"""A download goes on where it stopped, and its file appears only when it is what was stored."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from snapper.aws.vault import Vault
from snapper.errors import AwsFailed, BackupDamaged, SettingsError
from snapper.values.manifest import Manifest
from snapper.verbs.download import download, stream
from snapper.verbs.dump import Dumper
from tests.support.databases import Source, job
from tests.support.restores import DAMAGES, NOISE, files_in


class Counting(Vault):
    """Counts the bytes that are fetched; a body breaks off after so many of them."""

    def __init__(self, vault: Vault, breaks_after: int | None = None) -> None:
        super().__init__(vault.bucket, vault._client)
        self.fetched = 0
        self.breaks_after = breaks_after

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        return cast("BinaryIO", _Body(super().open(key, start, end), self))


class _Body:
    def __init__(self, body: BinaryIO, count: Counting) -> None:
        self._body = body
        self._count = count

    def read(self, size: int = -1) -> bytes:
        if self._count.breaks_after is not None and self._count.fetched >= self._count.breaks_after:
            raise AwsFailed("s3:GetObject failed: ReadTimeoutError")
        block = self._body.read(size)
        self._count.fetched += len(block)
        return block

    def __enter__(self) -> "_Body":
        return self

    def __exit__(self, *_: object) -> None:
        self._body.__exit__(None, None, None)


@pytest.fixture
def manifest(dumper: Dumper, source: Callable[..., Source]) -> Manifest:
    made = dumper.dump(job(), source(17, NOISE).database())
    assert made is not None
    return made


def test_an_interrupted_download_fetches_every_byte_only_once(
    dumper: Dumper, manifest: Manifest, tmp_path: Path
) -> None:
    target = tmp_path / "backup.sql.gz"
    broken = Counting(dumper.vault, breaks_after=2 << 20)
    with pytest.raises(AwsFailed):
        download(broken, manifest, target)
    (part,) = files_in(tmp_path)
    assert part.endswith(".part")
    assert (tmp_path / part).stat().st_size == broken.fetched

    again, told = Counting(dumper.vault), list[int]()
    download(again, manifest, target, told.append)
    assert again.fetched == manifest.backup_bytes - broken.fetched > 0
    assert told[0] == broken.fetched
    assert told[-1] == manifest.backup_bytes
    assert target.read_bytes() == dumper.vault.read(manifest.dump_key)
    assert files_in(tmp_path) == ["backup.sql.gz"]


def test_a_part_that_is_whole_already_is_only_checked(
    dumper: Dumper, manifest: Manifest, tmp_path: Path
) -> None:
    target = tmp_path / "backup.sql.gz"
    part = tmp_path / f"backup.sql.gz.{manifest.sha256[:12]}.part"
    part.write_bytes(dumper.vault.read(manifest.dump_key))
    counting = Counting(dumper.vault)
    download(counting, manifest, target)
    assert counting.fetched == 0
    assert target.exists()


@pytest.mark.long
def test_wrong_bytes_are_removed(dumper: Dumper, manifest: Manifest, tmp_path: Path) -> None:
    whole = dumper.vault.read(manifest.dump_key)
    for name, change in DAMAGES.items():
        dumper.vault.put(manifest.dump_key, change(whole))
        with pytest.raises(BackupDamaged, match="not what was stored"):
            download(dumper.vault, manifest, tmp_path / "backup.sql.gz")
        assert files_in(tmp_path) == [], name
        with pytest.raises(BackupDamaged):
            stream(dumper.vault, manifest, io.BytesIO())


def test_a_part_of_wrong_bytes_is_removed_so_that_the_next_attempt_succeeds(
    dumper: Dumper, manifest: Manifest, tmp_path: Path
) -> None:
    target = tmp_path / "backup.sql.gz"
    (tmp_path / f"backup.sql.gz.{manifest.sha256[:12]}.part").write_bytes(b"not of this backup")
    with pytest.raises(BackupDamaged) as failure:
        download(dumper.vault, manifest, target)
    assert "again" in failure.value.hint
    download(dumper.vault, manifest, target)
    assert target.stat().st_size == manifest.backup_bytes


def test_what_is_there_is_not_overwritten(
    dumper: Dumper, manifest: Manifest, tmp_path: Path
) -> None:
    target = tmp_path / "precious"
    target.write_text("mine")
    with pytest.raises(SettingsError, match="exists already"):
        download(dumper.vault, manifest, target)
    assert target.read_text() == "mine"


def test_a_folder_that_is_not_there_is_told(
    dumper: Dumper, manifest: Manifest, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="cannot be written: No such file"):
        download(dumper.vault, manifest, tmp_path / "nowhere" / "backup.sql.gz")

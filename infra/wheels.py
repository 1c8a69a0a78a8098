"""What the functions depend on, as wheels for Lambda: fetched once by pip, held to their hashes."""

import hashlib
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from bin.pg_dump.download import pip_download
from bin.pg_dump.kept import discard, keeping, make_folder, settle
from infra.archive import Entry
from snapper.errors import SnapperError

PYTHON = "3.13"

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")

# Lambda's Amazon Linux 2023 has glibc 2.34; pip takes no newer platform for granted from an older.
_GLIBC = ("2_34", "2_28", "2_17")
_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}


def locked_wheels(lock: Path, architecture: str, cache: Path) -> list[Path]:
    """Give the wheels that the lock names, for Python 3.13 on Lambda's Linux, in order of name.

    They lie in the cache under the digest of what was asked for. pip compares every one with the
    lock's hashes before it gets there, and so do we whenever it is taken from there. Raises
    SnapperError when pip cannot bring them all.
    """
    asked = hashlib.sha256(lock.read_bytes() + f"{PYTHON} {architecture}".encode()).hexdigest()
    kept = cache / f"{architecture}-{asked[:16]}"
    with keeping("what the functions depend on", cache):
        if os.path.lexists(kept) and not _are_locked(kept, lock):
            discard(kept)
        if not kept.is_dir():
            make_folder(cache)
            with tempfile.TemporaryDirectory(dir=cache, prefix="draft-") as folder:
                draft = Path(folder, "wheels")
                _download(lock, architecture, draft)
                settle(draft, kept)
        return sorted(kept.glob("*.whl"))


def _are_locked(kept: Path, lock: Path) -> bool:
    """Tell whether a folder holds one wheel for each line of the lock, and nothing else."""
    wishes = [
        set(_HASH.findall(line))
        for line in lock.read_text().replace("\\\n", " ").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    places = list(kept.iterdir()) if kept.is_dir() and not kept.is_symlink() else []
    if len(places) != len(wishes) or not all(each.suffix == ".whl" for each in places):
        return False
    found = {hashlib.sha256(each.read_bytes()).hexdigest() for each in places}
    return all(len(found & hashes) == 1 for hashes in wishes)


def wheel_entries(wheel: Path) -> Iterator[Entry]:
    """Yield the members of a wheel as installing would place them below python/.

    Straight from the wheel: an installer would add byte code, times and records of its own.
    """
    with zipfile.ZipFile(wheel) as members:
        for member in members.infolist():
            if not member.is_dir() and (name := _installed(member.filename)):
                executable = member.external_attr >> 16 & 0o111
                yield Entry(f"python/{name}", members.read(member), 0o755 if executable else 0o644)


def _installed(name: str) -> str | None:
    top, _, below = name.partition("/")
    if not top.endswith(".data"):
        return name
    scheme, _, path = below.partition("/")
    # Scripts, headers and data files are of no use to a function.
    return path if scheme in {"purelib", "platlib"} else None


def _download(lock: Path, architecture: str, into: Path) -> None:
    platforms = [f"--platform=manylinux_{glibc}_{_MACHINES[architecture]}" for glibc in _GLIBC]
    done = pip_download(
        into,
        *("--require-hashes", f"--requirement={lock}"),
        *(f"--python-version={PYTHON}", "--implementation=cp", *platforms),
    )
    if done.returncode:
        raise SnapperError(
            f"pip could not fetch the functions' dependencies for {architecture}:\n"
            f"{done.stderr.strip()}",
            hint=f"the versions and hashes are in {lock.parent.name}/{lock.name}; pip needs its "
            "package index once, then .cache/ serves",
        )

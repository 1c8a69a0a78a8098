"""Where the servers of tests have their files: in memory, if there is enough of it."""

import os
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ENOUGH = 12 << 30


def room(memory: Path = _MEMORY, enough: int = _ENOUGH) -> str:
    """Give the folder in memory, or nothing where it is small, runs no program, or is not wanted.

    It takes a third of the work out of a run: a server's first one, and each new database's, is
    making hundreds of files.
    """
    if "TMPDIR" in os.environ or not memory.is_dir():
        return ""
    found = os.statvfs(memory)
    if found.f_flag & os.ST_NOEXEC or min(found.f_bavail * found.f_frsize, _available()) < enough:
        return ""
    return str(memory)


def _available() -> int:
    """Count the bytes of memory that nobody needs."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    (kibibytes,) = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(kibibytes) << 10

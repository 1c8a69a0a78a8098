"""The one directory that holds everything a run leaves on disk, and that goes with it."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from local import children


@contextlib.contextmanager
def run_directory() -> Iterator[Path]:
    """Make a directory for one run and remove it at the end, also if we are killed.

    It has a short name, as a Unix socket's path must, and lets other users pass through to what
    belongs to them: PostgreSQL does not run as root.
    """
    directory = Path(tempfile.mkdtemp(prefix="snapper-")).resolve()
    try:
        directory.chmod(0o711)
        children.remove_at_end(directory)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)

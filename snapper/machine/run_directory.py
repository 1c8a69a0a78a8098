"""The one directory that holds everything a run leaves on disk, and that goes with it."""

import contextlib
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from snapper.errors import SnapperError
from snapper.machine import children, watchdog
from snapper.machine.unprivileged import unprivileged


@contextlib.contextmanager
def run_directory(parent: Path | None = None) -> Iterator[Path]:
    """Make a directory for one run and remove it at the end, also if we are killed.

    It lies where temporary files do, if no other parent is named.
    It has a short name, as a Unix socket's path must, and lets nobody in; for root it lets through
    whom PostgreSQL runs as in its place.
    """
    directory = (
        parent or Path(tempfile.gettempdir())
    ).resolve() / f"snapper-{secrets.token_hex(4)}"
    made = True  # as far as we know: an interruption can come right after the directory did
    try:
        try:
            directory.mkdir(mode=0o700)
        except OSError as error:
            made = False
            raise SnapperError(f"{directory} cannot be made: {error.strerror}") from None
        unprivileged().let_through(directory)
        children.remove_at_end(directory)
        yield directory
    finally:
        if made:
            watchdog.remove(directory)

"""The one directory that holds everything a run leaves on disk, and that goes with it."""

import contextlib
import fcntl
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from snapper.errors import SnapperError
from snapper.machine import children, watchdog
from snapper.machine.unprivileged import unprivileged

TRIAL = "trial"
"""The folder of a throw-away server that a backup is tried on."""

_PREFIX = "snapper-"


@contextlib.contextmanager
def run_directory(parent: Path | None = None) -> Iterator[Path]:
    """Make a directory for one run and remove it at the end, also if we are killed.

    It lies where temporary files do, if no other parent is named.
    It has a short name, as a Unix socket's path must, and lets nobody in; for root it lets through
    whom PostgreSQL runs as in its place.
    """
    place = (parent or Path(tempfile.gettempdir())).resolve()
    directory = place / f"{_PREFIX}{secrets.token_hex(4)}"
    made = True  # as far as we know: an interruption can come right after the directory did
    try:
        try:
            directory.mkdir(mode=0o700)
        except OSError as error:
            made = False
            raise SnapperError(f"{directory} cannot be made: {error.strerror}") from None
        unprivileged().let_through(directory)
        children.remove_at_end(directory)
        with contextlib.ExitStack() as stack:
            # Some network file systems lock nothing; no function's /tmp is one.
            with contextlib.suppress(OSError):
                stack.enter_context(_held(directory))
            yield directory
    finally:
        if made:
            watchdog.remove(directory)


def remove_dead_trials() -> None:
    """Remove what is left of trials that were killed together with their watchdog, as Lambda does.

    Who lives holds the directory of his.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{TRIAL}"):
        directory = folder.parent
        with contextlib.suppress(OSError), _held(directory):
            if directory.stat().st_uid == os.geteuid():
                watchdog.remove(directory)


@contextlib.contextmanager
def _held(directory: Path) -> Iterator[None]:
    """Hold a directory, so that others see that somebody needs it; raises OSError if one does."""
    place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(place)

"""What is kept in the clone: put in place whole, and readable by every user, whatever the umask.

Nothing is taken from a folder where another user may have put it.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bin.environment import stranger
from snapper.errors import SnapperError

READ, ENTER = 0o444, 0o111


@contextmanager
def keeping(what: str, folder: Path) -> Iterator[None]:
    """Raise a SnapperError with what to do where the folder cannot be read, written or believed."""
    try:
        for place in (folder.parent, folder):
            if why := stranger(place):
                raise SnapperError(
                    f"{what} cannot be kept in {folder}: {place} {why}",
                    hint=f"remove {place}; it is made anew",
                )
        yield
    except OSError as error:
        raise SnapperError(
            f"{what} cannot be kept in {folder}: {error.strerror or error}",
            hint="Snapper keeps what it needs beside its code: let the owner of that folder run "
            "bin/snapper demo once, or use a clone of your own",
        ) from error


def settle(draft: Path, target: Path) -> None:
    """Move a finished folder into place; whoever came second in a race leaves the first's be."""
    for place in (draft, *draft.rglob("*")):
        open_to_all(place)
    try:
        draft.rename(target)
    except OSError:
        if not target.exists():
            raise


def discard(target: Path) -> None:
    """Take away what is not to be believed; whoever does it at the same time does not matter."""
    with (
        suppress(FileNotFoundError),
        tempfile.TemporaryDirectory(dir=target.parent, prefix="draft-") as folder,
    ):
        target.rename(Path(folder, "discarded"))


def make_folder(folder: Path) -> None:
    """Make a folder that everybody may enter, and what it lies in; one that is there stays so."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        open_to_all(folder)


def open_to_all(place: Path) -> None:
    """Let everybody read a file or folder, and run or enter it where its owner may."""
    if place.is_symlink():
        return
    mode = place.stat().st_mode
    wanted = mode | READ | (ENTER if mode & 0o100 else 0)
    if wanted != mode:
        place.chmod(wanted)

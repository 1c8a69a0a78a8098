"""A file of ours alone: nobody else reads it, and nobody else has laid it out for us."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from snapper.errors import SettingsError

_MODE = 0o600
_OTHERS_WRITE = 0o022
_INSTEAD = "remove it, or name another file"


def open_private(path: Path) -> BinaryIO:
    """Open a file to read it and to append to it; it is made where it is not there.

    One that is there is taken only if it is a plain file of this user's that nobody else can write,
    by whatever name: SettingsError. No link is followed, and nothing is waited for. Raises OSError.
    """
    # Without O_NONBLOCK a pipe that somebody has laid there would hold us for ever.
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        number = os.open(path, flags, _MODE)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise SettingsError(f"{path} is a symbolic link", hint=_INSTEAD) from None
        raise
    try:
        if fault := _fault(os.fstat(number)):
            raise SettingsError(f"{path} {fault}, so it is not gone on with", hint=_INSTEAD)
        os.fchmod(number, _MODE)
    except BaseException:
        os.close(number)
        raise
    return os.fdopen(number, "ab+")


def make_private(path: Path) -> BinaryIO:
    """Make a file to be written, in place of a draft that was left there; raises OSError."""
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, _MODE), "wb")


@contextmanager
def new_private(target: Path) -> Iterator[BinaryIO]:
    """Write a file that appears under its name only when the block has ended well.

    Raises SettingsError where something is there already; OSError.
    """
    if os.path.lexists(target):
        raise SettingsError(f"{target} exists already", hint=_INSTEAD)
    draft = target.with_name(f"{target.name}.part")
    with make_private(draft) as file:
        try:
            yield file
            file.flush()
            give_name(file, draft, target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise


def give_name(file: BinaryIO, path: Path, target: Path) -> None:
    """Let an open file that lies at `path` appear as `target`, in place of nothing that is there.

    Raises SettingsError where something is, or `path` is another file by now; OSError.
    """
    try:
        os.link(path, target, follow_symlinks=False)
    except FileExistsError:
        raise SettingsError(f"{target} exists already", hint=_INSTEAD) from None
    except OSError:  # not every file system has a second name for a file
        if os.path.lexists(target):
            raise SettingsError(f"{target} exists already", hint=_INSTEAD) from None
        path.rename(target)
    else:
        path.unlink(missing_ok=True)
    if not os.path.samestat(os.fstat(file.fileno()), target.lstat()):
        target.unlink()
        raise SettingsError(f"somebody else has replaced {path}", hint="use a folder of your own")


def _fault(found: os.stat_result) -> str:
    if not stat.S_ISREG(found.st_mode):
        return "is no plain file"
    if found.st_uid != os.geteuid():
        return "belongs to somebody else"
    if found.st_mode & _OTHERS_WRITE:
        return "can be written by others"
    return "has another name too" if found.st_nlink > 1 else ""

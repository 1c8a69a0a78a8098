"""The account that PostgreSQL runs as when we are root, which it refuses to be."""

import grp
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from snapper.errors import SnapperError

_GROUPS = range(62_000, 65_000)
"""Numbers that distributions give to no group of theirs, and that containers have too."""


class Account(NamedTuple):
    """A user and its group; both None stand for ourselves."""

    user: int | None
    group: int | None

    def own(self, path: Path) -> None:
        """Hand a file or directory over to the account."""
        if self.user is not None and self.group is not None:
            with _groups_enough():
                os.chown(path, self.user, self.group)

    def let_through(self, folder: Path) -> None:
        """Let the account pass through a folder of ours: not even others of the same user."""
        if self.group is None:
            folder.chmod(0o700)
            return
        with _groups_enough():
            os.chown(folder, 0, self.group)
        folder.chmod(0o710)

    def closed_parent(self, path: Path) -> Path | None:
        """Give the outermost directory on the way that lets only others through, or None."""
        if self.user is None:
            return None
        for folder in reversed([path, *path.resolve().parents]):
            state = folder.stat()
            passes = 0o010 if state.st_gid == self.group else 0o001
            if state.st_uid != self.user and not state.st_mode & passes:
                return folder
        return None


@cache
def unprivileged() -> Account:
    """Give ourselves, or for root an account without rights (initdb wants it to have a name).

    Its group is nobody else's: daemons have the same user, and must not reach what is ours.
    """
    if os.geteuid() != 0:
        return Account(None, None)
    for name in ("nobody", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, _free_group())
    raise SnapperError(
        "PostgreSQL does not run as root, and there is no user `nobody` to run it as",
        hint="run Snapper as an ordinary user",
    )


@contextmanager
def _groups_enough() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SnapperError(
            f"PostgreSQL does not run as root, and no other account can be used: {error.strerror}",
            hint="run Snapper as an ordinary user",
        ) from None


def _free_group() -> int:
    """Give the same number to all of our runs: one may lie in the folder of another."""
    taken = {group.gr_gid for group in grp.getgrall()}
    return next(number for number in _GROUPS if number not in taken)

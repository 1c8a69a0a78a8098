"""The account that PostgreSQL runs as when we are root, which it refuses to be.

It is a user of our own, by a number that belongs to nobody: daemons share `nobody`, and each could
stop, trace and read what another one runs. Only initdb wants its user to have a name.
"""

import grp
import os
import pwd
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from snapper.errors import SnapperError
from snapper.machine import watchdog

_NUMBERS = range(60_706, 61_184)
"""Numbers that nobody gives to a user or group, and that containers have too.

Source: systemd's "Users, Groups, UIDs and GIDs"; Debian leaves 60000 to 64999 alone as well.
"""


class Account(NamedTuple):
    """A user and its group; both None stand for ourselves. `named` is a user who has a name."""

    user: int | None
    group: int | None
    named: int | None = None

    def own(self, path: Path) -> None:
        """Hand a file or directory over to the account."""
        self._hand_over(self.user, path)

    def own_all(self, folder: Path) -> None:
        """Hand over a directory with all that is in it."""
        self._hand_over(self.user, folder, *folder.rglob("*"))

    def lend(self, path: Path) -> None:
        """Hand it to the user who has a name, in the same group, until the account's own it."""
        self._hand_over(self.named, path)

    def _hand_over(self, user: int | None, *paths: Path) -> None:
        if user is not None and self.group is not None:
            with _groups_enough():
                for path in paths:
                    os.chown(path, user, self.group, follow_symlinks=False)

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


def unprivileged() -> Account:
    """Give ourselves, or for root an account without rights.

    The user is another one each time, the group is always the same: it only lets through to what is
    the user's, and one run may lie in the folder of another.
    """
    if (ours := os.geteuid()) != 0:
        _require_name(ours)
        return Account(None, None)
    for name in ("nobody", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(_free_user(), _free_group(), entry.pw_uid)
    raise SnapperError(
        "PostgreSQL does not run as root, and there is no user `nobody` to make its files as",
        hint="run Snapper as an ordinary user",
    )


def _require_name(user: int) -> None:
    try:
        pwd.getpwuid(user)
    except KeyError:
        raise SnapperError(
            f"PostgreSQL runs only as a user who has a name, and {user} has none on this machine",
            hint="run Snapper as another user, or as root; in a container, add the user to its "
            "/etc/passwd",
        ) from None


@contextmanager
def _groups_enough() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SnapperError(
            f"PostgreSQL does not run as root, and no other account can be used: {error.strerror}",
            hint="run Snapper as an ordinary user",
        ) from None


@cache
def _free_group() -> int:
    taken = {group.gr_gid for group in grp.getgrall()}
    return next(number for number in _NUMBERS if number not in taken)


def _free_user() -> int:
    """Choose a number that no user has, and that nothing runs as by now."""
    taken = {user.pw_uid for user in pwd.getpwall()} | {_free_group()}
    taken |= {_user_of(number) for number in watchdog.process_table()}
    return secrets.choice([number for number in _NUMBERS if number not in taken])


def _user_of(process: int) -> int:
    """Give the user that a process runs as, or root if it is gone."""
    try:
        return Path(f"/proc/{process}").stat().st_uid
    except OSError:
        return 0

"""The account that PostgreSQL runs as when we are root, which it refuses to be."""

import os
import pwd
from pathlib import Path
from typing import NamedTuple

from snapper.errors import SnapperError


class Account(NamedTuple):
    """A user and its group; both None stand for ourselves."""

    user: int | None
    group: int | None

    def own(self, path: Path) -> None:
        """Hand a file or directory over to the account."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)

    def closed_parent(self, path: Path) -> Path | None:
        """Give the outermost directory on the way that lets only others through, or None."""
        if self.user is None:
            return None
        for folder in reversed([path, *path.resolve().parents]):
            state = folder.stat()
            if state.st_uid != self.user and not state.st_mode & 0o001:
                return folder
        return None


def unprivileged() -> Account:
    """Give ourselves, or for root an account without rights (initdb wants it to have a name)."""
    if os.geteuid() != 0:
        return Account(None, None)
    for name in ("nobody", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise SnapperError(
        "PostgreSQL does not run as root, and there is no user `nobody` to run it as",
        hint="run Snapper as an ordinary user",
    )

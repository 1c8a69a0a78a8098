"""The files of servers, copied: what initdb makes differs in a name and a password alone.

The first of its kind in every process is initdb's own, and so are all in other processes: those of
commands, demos and deployed functions.
"""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from snapper.engines.postgresql.trying.cluster import DATA, make_cluster
from snapper.machine import python
from snapper.machine.unprivileged import Account
from tests.support.passwords import kept

_NAMED = "UPDATE pg_authid SET rolname = '{}', rolpassword = '{}' WHERE oid = 10\n"


class Clusters:
    """The first of each kind, in a folder; `make` takes the place of `make_cluster`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._first: dict[tuple[Path, tuple[str, ...]], Path] = {}

    def make(
        self,
        tree: Path,
        directory: Path,
        superuser: str,
        password: str,
        locale: Sequence[str],
        who: Account,
        seconds: float,
    ) -> None:
        """Make a server's files."""
        kind = tree, tuple(locale)
        if (first := self._first.get(kind)) is None or not password.isascii():
            make_cluster(tree, directory, superuser, password, locale, who, seconds)
            if first is None:
                first = self._folder / str(len(self._first)) / DATA
                shutil.copytree(directory / DATA, first)
                self._first[kind] = first
            return
        data = directory / DATA
        shutil.copytree(first, data)
        for place in (directory, data, *data.rglob("*")):
            who.lend(place)
        subprocess.run(
            [tree / "bin/postgres", "--single", "-F", "-D", data, "postgres"],
            input=_NAMED.format(superuser, kept(password)).encode(),
            env={**python.environment(str(tree / "lib")), "LC_ALL": "C", "TZ": "UTC"},
            user=who.named,
            group=who.group,
            extra_groups=None if who.named is None else [],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        who.own(directory)
        who.own_all(data)

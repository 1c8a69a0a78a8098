"""The files of a throw-away server, and its programs as children: what initdb and postgres need."""

import signal
from collections.abc import Sequence
from pathlib import Path

from snapper.errors import SnapperError
from snapper.machine import children
from snapper.machine.confined import Room, confined
from snapper.machine.unprivileged import Account

DATA = "data"
LOG = "server.log"


def make_cluster(
    tree: Path, directory: Path, superuser: str, password: str, locale: Sequence[str], who: Account
) -> None:
    """Have initdb make the files in the directory, for the account; raises SnapperError."""
    secret, data = directory / "password", directory / DATA
    secret.touch(mode=0o600)
    secret.write_text(password + "\n")
    for place in (directory, secret):
        who.lend(place)
    options = [f"--pgdata={data}", f"--username={superuser}", f"--pwfile={secret}"]
    options += ["--auth=scram-sha-256", "--encoding=UTF8", *locale]
    command = [str(tree / "bin/initdb"), *options, "--no-sync", "--no-instructions"]
    try:
        initdb = run(command, tree, directory, user=who.named, group=who.group)
        status = initdb.wait()
        children.stop(initdb)
    finally:
        secret.unlink()
    if status:
        raise SnapperError(
            f"initdb failed with status {status}: {tree}", hint=last_words(directory)
        )
    who.own(directory)
    who.own_all(data)


def run_behind_walls(
    command: Sequence[str], tree: Path, directory: Path, door: Path, who: Account
) -> children.Child:
    """Start a program that reaches nothing but its own tree, its directory and its door."""
    reads = [str(tree.parents[1])] if tree.parent.name == "opt" else []  # Homebrew's libraries
    room = Room([str(tree)], reads, [str(directory), str(door)], who.user, who.group)
    return run(confined(command, room), tree, directory, user=None, group=None)


def run(
    command: Sequence[str],
    tree: Path,
    directory: Path,
    *,
    user: int | None,
    group: int | None,
) -> children.Child:
    """Start a program that writes to the log in the directory."""
    with (directory / LOG).open("wb") as log:
        return children.spawn(
            command,
            # Nothing of ours; loadable modules do not look for libpq beside themselves.
            environment={
                "LD_LIBRARY_PATH": str(tree / "lib"),
                "PATH": "/usr/bin:/bin",
                "LC_ALL": "C",
                "TZ": "UTC",
            },
            directory=directory,
            stdout=log,
            stderr=log,
            user=user,
            group=group,
            farewell=signal.SIGQUIT,
        )


def last_words(directory: Path) -> str:
    """Give the end of the log."""
    return "\n".join((directory / LOG).read_text(errors="replace").splitlines()[-5:])

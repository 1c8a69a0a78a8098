"""The files of a throw-away server, and its programs as children: what initdb and postgres need."""

import ctypes
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from snapper.errors import SnapperError
from snapper.machine import children, python
from snapper.machine.confined import Room, confined
from snapper.machine.unprivileged import Account
from snapper.values.deadline import Deadline

DATA = "data"
LOG = "server.log"
_REMOVE = 0  # of `sys/ipc.h`, of Linux as of macOS
_START_SECONDS = 300.0  # of a machine that is busy with other things


def patience(deadline: Deadline) -> float:
    """Give the seconds to wait for a program of a server's."""
    left = deadline.seconds_left
    return _START_SECONDS if left is None else max(0.0, min(_START_SECONDS, left))


def make_cluster(
    tree: Path,
    directory: Path,
    superuser: str,
    password: str,
    locale: Sequence[str],
    who: Account,
    seconds: float,
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
    initdb = None
    try:
        initdb = run(command, tree, directory, user=who.named, group=who.group)
        status = initdb.wait(seconds)
    except subprocess.TimeoutExpired:
        raise SnapperError(
            f"initdb has not ended after {seconds:.0f} s: {tree}", hint=last_words(directory)
        ) from None
    finally:
        if initdb:
            children.stop(initdb)
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
    # Nothing of ours; loadable modules do not look for libpq beside themselves.
    environment = {**python.environment(str(tree / "lib")), "PATH": "/usr/bin:/bin"}
    environment |= {"LC_ALL": "C", "TZ": "UTC"}
    with (directory / LOG).open("wb") as log:
        try:
            return children.spawn(
                command,
                environment=environment,
                directory=directory,
                stdout=log,
                stderr=log,
                user=user,
                group=group,
                farewell=signal.SIGQUIT,
            )
        except OSError as error:
            raise SnapperError(
                f"{command[0]} cannot be started: {error.strerror}",
                hint="set TMPDIR to a folder whose file system lets programs run",
            ) from None


def last_words(directory: Path) -> str:
    """Give the end of the log."""
    return "\n".join((directory / LOG).read_text(errors="replace").splitlines()[-5:])


def listed(folder: Path) -> str:
    """Write a folder as the setting takes it, which is a list of them."""
    return '"' + str(folder).replace('"', '""') + '"'


def free_port() -> int:
    """Give a port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def give_back(segment: int) -> None:
    """Give back the shared memory of a killed server: where 4,096 are left, none starts any more.

    Whoever ends in order does so itself.
    """
    ctypes.CDLL(None).shmctl(segment, _REMOVE, None)

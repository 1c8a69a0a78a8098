"""A program behind walls: it runs what it is given, writes its own folder, and meets no network.

Run as a child that shuts itself in and then becomes the program: what a fork of ours may do before
that is too little, for we have threads.
"""

import ctypes
import json
import os
import resource
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from snapper.machine import landlock, python, system_calls

_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 36, 38

# Libraries and their data, and what these ask for when they start; no programs, no settings of a
# user's, no /proc.
_SYSTEM = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share"),
    *("/etc/ld.so.cache", "/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf"),
    *("/etc/crypto-policies", "/dev/urandom", "/dev/random", "/dev/zero"),
)
_LOADERS = ("lib", "lib64"), "ld-*.so*"
_NOWHERE = "/dev/null"


@dataclass(frozen=True)
class Walls:
    """Which of the walls the machine can build: Landlock's version, and the filter of calls."""

    files: int
    network: bool

    @classmethod
    @cache
    def here(cls) -> "Walls":
        """Ask the kernel."""
        return cls(files=landlock.version(), network=system_calls.possible())

    def missing(self) -> tuple[str, ...]:
        """Say what the program could reach for want of a wall."""
        gaps = []
        if not self.files:
            gaps.append(
                "this machine's kernel has no Landlock, which would keep it from other files"
            )
        elif self.files < landlock.KNOWS_SIGNALS and os.geteuid():  # root's runs as somebody else
            gaps.append("this machine's kernel cannot keep it from ending your other processes")
        if not self.network:
            gaps.append(
                "this machine's kernel does not filter system calls, to keep it from the network"
            )
        return tuple(gaps)


@dataclass(frozen=True)
class Room:
    """What a program may reach: folders with all that is in them, and as whom it runs.

    `user` and `group` are for root only; None stands for ourselves.
    """

    runs: Sequence[str]
    reads: Sequence[str]
    writes: Sequence[str]
    user: int | None = None
    group: int | None = None


def confined(command: Sequence[str], room: Room) -> list[str]:
    """Give the command that shuts itself in and becomes this one."""
    walls = asdict(Walls.here())
    rules = json.dumps({"room": asdict(room), "walls": walls})
    return [sys.executable, "-S", *python.running("snapper.machine.confined", rules, *command)]


def become(rules: str, command: list[str]) -> None:
    """Shut this process in, and run the command in its place; exits with a line if it cannot."""
    try:
        _become(rules, command)
    except OSError as error:
        sys.exit(f"{command[0]} cannot be confined: {error}")


def _become(rules: str, command: list[str]) -> None:
    told = json.loads(rules)
    room, walls = Room(**told["room"]), Walls(**told["walls"])
    # A dump of its memory would be one of the rows.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if room.user is not None and room.group is not None:
        os.setgroups([])
        os.setgid(room.group)
        os.setuid(room.user)
    if sys.platform == "linux":
        # What it leaves behind is found again as its own, and ended with it.
        for option in (_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS):
            ctypes.CDLL(None).prctl(option, 1, 0, 0, 0)
    if walls.files:
        landlock.restrict(
            _there([*room.runs, *_loaders()]),
            _there([*room.reads, *_SYSTEM]),
            _there([*room.writes, _NOWHERE]),
        )
    if walls.network:
        system_calls.restrict()
    os.execv(command[0], command)  # noqa: S606  the very command of our maker


def _loaders() -> list[str]:
    """Name the system's loaders, which the kernel runs before any program."""
    folders, name = _LOADERS
    return [str(path) for folder in folders for path in Path("/", folder).glob(name)]


def _there(paths: Iterable[str]) -> list[Path]:
    return [path for path in map(Path, paths) if os.access(path, os.F_OK)]


if __name__ == "__main__":
    become(sys.argv[1], sys.argv[2:])

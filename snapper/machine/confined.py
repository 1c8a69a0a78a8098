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

from snapper.machine import landlock, no_network

_PR_SET_NO_NEW_PRIVS = 38
_ROOT = Path(__file__).parents[2]
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from snapper.machine.confined import become;"
    "become(sys.argv[2], sys.argv[3:])"
)

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
    """Which of the walls the machine can build."""

    files: bool
    network: bool

    @classmethod
    @cache
    def here(cls) -> "Walls":
        """Ask the kernel."""
        return cls(files=landlock.version() > 0, network=no_network.possible())

    def missing(self) -> tuple[str, ...]:
        """Say what the program could reach for want of a wall."""
        files = "this machine's kernel has no Landlock, which would keep it from other files"
        network = "this machine's kernel does not filter system calls, to keep it from the network"
        return tuple(
            words for there, words in ((self.files, files), (self.network, network)) if not there
        )


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
    return [sys.executable, "-I", "-S", "-c", _START, str(_ROOT), rules, *command]


def become(rules: str, command: list[str]) -> None:
    """Shut this process in, and run the command in its place; raises OSError."""
    told = json.loads(rules)
    room, walls = Room(**told["room"]), Walls(**told["walls"])
    # A dump of its memory would be one of the rows.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if room.user is not None and room.group is not None:
        os.setgroups([])
        os.setgid(room.group)
        os.setuid(room.user)
    if walls.files or walls.network:
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if walls.files:
        landlock.restrict(
            _there([*room.runs, *_loaders()]),
            _there([*room.reads, *_SYSTEM]),
            _there([*room.writes, _NOWHERE]),
        )
    if walls.network:
        no_network.forbid()
    os.execv(command[0], command)  # noqa: S606  the very command of our maker


def _loaders() -> list[str]:
    """Name the system's loaders, which the kernel runs before any program."""
    folders, name = _LOADERS
    return [str(path) for folder in folders for path in Path("/", folder).glob(name)]


def _there(paths: Iterable[str]) -> list[Path]:
    return [path for path in map(Path, paths) if path.exists()]

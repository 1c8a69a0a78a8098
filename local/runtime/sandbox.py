"""What no function can do on AWS: be root, or write anywhere but into its own /tmp.

Run as a child that gives up what it has too much of, and then becomes the function's runtime. The
kernel holds it and all that it starts: without Landlock it may write what its user may.
"""

import ctypes
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from snapper.machine import landlock, python
from snapper.machine.unprivileged import unprivileged

_NOWHERE = "/dev/null"

# Of Linux's own headers, `linux/prctl.h` and `linux/capability.h`.
_PR_SET_KEEPCAPS, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 8, 38, 47
_AMBIENT_RAISE = 2
_CAPABILITIES_VERSION = 0x20080522
_DAC_READ_SEARCH = 2
"""To read what is another user's, and to pass through their folders."""


@dataclass(frozen=True)
class Sandbox:
    """Where a function may write, and as whom it runs; None stands for ourselves."""

    scratch: str
    user: int | None = None
    group: int | None = None

    @classmethod
    def of(cls, scratch: Path) -> "Sandbox":
        """Make one around an empty folder, which is handed over to whoever the function is.

        Root's functions are those of a user who has a name, as on AWS. Our Python may lie where
        only root can read: they need that one right of root's, which in containers root has not.
        There they remain root's, and their servers run as somebody else.
        """
        if os.geteuid():
            return cls(str(scratch))
        account = unprivileged()
        if sys.platform != "linux" or not _may_read_all():
            account.let_through(scratch)
            return cls(str(scratch))
        account.lend(scratch)
        return cls(str(scratch), account.named, account.group)

    def around(self, command: Sequence[str]) -> list[str]:
        """Give the command that shuts itself in and becomes this one."""
        rules = json.dumps(asdict(self))
        return [sys.executable, "-S", *python.running("local.runtime.sandbox", rules, *command)]


def become(rules: str, command: list[str]) -> None:
    """Shut this process in, and run the command in its place."""
    sandbox = Sandbox(**json.loads(rules))
    if sandbox.user is not None and sandbox.group is not None:
        _leave_root(sandbox.user, sandbox.group)
    if landlock.version():
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        writable = [Path(sandbox.scratch), Path(_NOWHERE)]
        landlock.restrict([Path("/")], [], writable, network=True)
    os.execv(command[0], command)  # noqa: S606  the very command of our maker


def _leave_root(user: int, group: int) -> None:
    """Become the user, who may read whatever root may, and so may all that it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    right = 1 << _DAC_READ_SEARCH
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
    # Effective, permitted and inheritable, of the first 32 and of the others.
    rights = (ctypes.c_uint32 * 6)(right, right, right, 0, 0, 0)
    if libc.capset(header, rights) or libc.prctl(
        _PR_CAP_AMBIENT, _AMBIENT_RAISE, _DAC_READ_SEARCH, 0, 0
    ):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _may_read_all() -> bool:
    """Tell whether this root may read what is another user's: that of a container may not."""
    status = Path("/proc/self/status").read_text()
    effective = status.partition("CapEff:")[2].split()[0]
    return bool(int(effective, 16) & 1 << _DAC_READ_SEARCH)


if __name__ == "__main__":
    become(sys.argv[1], sys.argv[2:])

"""Landlock: what a process of ours, and all it ever starts, may reach of the file system.

The kernel holds it from then on, without root and for good. Numbers and layouts are those of
Linux's own header, `linux/landlock.h`; what an older kernel does not know is left out there.
"""

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

# The same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_FIRST = (1 << 13) - 1
"""Every right of the first version: these four, and to make and remove things of any kind."""

_LATER = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""By version: to move between folders, to truncate, to control devices."""

_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _LATER[3] | _LATER[5]

_TCP = 0b11
"""To bind and to connect; since version 4."""

_SCOPES = 0b11
"""Abstract sockets and signals stay among those who are confined alike."""

KNOWS_SIGNALS = 6
"""The first version that keeps them in."""


class _Handled(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scope", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """Give the kernel's version of Landlock, or 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(_call(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION), 0)


def restrict(
    runs: Iterable[Path],
    reads: Iterable[Path],
    writes: Iterable[Path],
    *,
    network: bool = False,
) -> None:
    """Let this process reach no more than these files and folders, and all that is in them.

    What it `runs` and what it `writes` it reads too; unless there is to be a `network`, it meets
    none by TCP. Call it with PR_SET_NO_NEW_PRIVS set, and with the right to pass to each path.
    Raises OSError.
    """
    known = version()
    every = _FIRST | sum(right for since, right in _LATER.items() if known >= since)
    tcp = _TCP if known >= 4 and not network else 0
    handled = _Handled(every, tcp, _SCOPES if known >= KNOWS_SIGNALS else 0)
    size = 24 if known >= KNOWS_SIGNALS else 16 if known >= 4 else 8
    rules = _checked(_CREATE_RULESET, ctypes.byref(handled), ctypes.c_size_t(size), 0)
    reading = _READ_FILE | _READ_DIR
    allowed = [(path, reading | _EXECUTE) for path in runs]
    allowed += [(path, reading) for path in reads]
    allowed += [(path, every & ~_EXECUTE) for path in writes]
    for path, rights in allowed:
        _allow(rules, path, rights & every)
    _checked(_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _allow(rules: int, path: Path, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        beneath = _Beneath(rights if path.is_dir() else rights & _OF_FILES, place)
        _checked(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(beneath), 0)
    finally:
        os.close(place)


def _checked(number: int, *arguments: object) -> int:
    answer = _call(number, *arguments)
    if answer < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
    return answer


def _call(number: int, *arguments: object) -> int:
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    return int(syscall(ctypes.c_long(number), *arguments))

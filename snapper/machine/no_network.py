"""A filter of system calls: no socket but a local one to listen at, and no connection to anything.

Landlock knows TCP alone, and a name that is looked up leaves by UDP. The filter holds for all that
the process ever starts, and needs no root. Numbers are those of Linux's headers.
"""

import ctypes
import errno
import os
import platform
import sys
from typing import NamedTuple

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


class _Numbers(NamedTuple):
    """An architecture as the filter sees it, and its calls."""

    architecture: int
    socket: int
    connect: int


_ARCHITECTURES = {
    "x86_64": _Numbers(0xC000003E, 41, 42),
    "aarch64": _Numbers(0xC00000B7, 198, 203),
}
_IO_URING_SETUP = 425  # a second way to every call
_X32 = 0x40000000  # the same calls of x86_64 by other numbers, from here on

# Instructions of the filter, and where it finds what: the header is linux/seccomp.h.
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_CALL, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOWED, _REFUSED = 0x7FFF0000, 0x00050000 | errno.EACCES  # as if there were no right to it
_AF_UNIX = 1


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("first", ctypes.POINTER(_Instruction)))


def possible() -> bool:
    """Tell whether this machine's kernel takes such a filter, and we know its calls."""
    if sys.platform != "linux" or platform.machine() not in _ARCHITECTURES:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, None, 0, 0)
    # It minds that there is no program, where it would take one.
    return ctypes.get_errno() == errno.EFAULT


def forbid() -> None:
    """Forbid the network to this process; call it with PR_SET_NO_NEW_PRIVS set. Raises OSError."""
    numbers = _ARCHITECTURES[platform.machine()]
    steps = [
        (_LOAD, None, None, _ARCHITECTURE),
        (_EQUAL, None, "refuse", numbers.architecture),
        (_LOAD, None, None, _CALL),
        (_AT_LEAST, "refuse", None, _X32),
        (_EQUAL, "refuse", None, numbers.connect),
        (_EQUAL, "refuse", None, _IO_URING_SETUP),
        (_EQUAL, None, "allow", numbers.socket),
        (_LOAD, None, None, _FIRST_ARGUMENT),
        (_EQUAL, "allow", "refuse", _AF_UNIX),
        (_RETURN, None, None, _ALLOWED),
        (_RETURN, None, None, _REFUSED),
    ]
    ends = {"allow": len(steps) - 2, "refuse": len(steps) - 1}
    # A jump counts from the instruction behind it.
    code = [
        _Instruction(
            what,
            ends[yes] - at - 1 if yes else 0,
            ends[no] - at - 1 if no else 0,
            value,
        )
        for at, (what, yes, no, value) in enumerate(steps)
    ]
    program = _Program(len(code), (_Instruction * len(code))(*code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

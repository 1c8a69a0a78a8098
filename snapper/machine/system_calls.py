"""A filter of system calls, for what Landlock does not know: the network, and much of one user's.

Landlock knows TCP alone, and a name that is looked up leaves by UDP. It lets a program change the
mode of any file of its user's, read that user's keys and slow down their other processes. The
filter holds for all that the process ever starts, and needs no root. Numbers are those of Linux's
headers, asm/unistd.h of each architecture; what both have by the same number came later.
"""

import ctypes
import errno
import os
import platform
import sys
from typing import NamedTuple

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

_LATER = {
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,  # a second way to every call
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "memfd_secret": 447,
    "fchmodat2": 452,
    "setxattrat": 463,
    "removexattrat": 466,
    "file_setattr": 469,
}
_X86_64 = _LATER | {
    **{"socket": 41, "connect": 42, "socketpair": 53, "prlimit64": 302},
    **{"chmod": 90, "fchmod": 91, "fchmodat": 268, "truncate": 76},
    **{"chown": 92, "fchown": 93, "lchown": 94, "fchownat": 260},
    **{"utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280},
    **{"setxattr": 188, "lsetxattr": 189, "fsetxattr": 190},
    **{"removexattr": 197, "lremovexattr": 198, "fremovexattr": 199},
    **{"add_key": 248, "request_key": 249, "keyctl": 250},
    **{"memfd_create": 319, "execveat": 322, "ptrace": 101},
    **{"process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312},
    **{"setpriority": 141, "ioprio_set": 251, "migrate_pages": 256, "move_pages": 279},
    **{"sched_setparam": 142, "sched_setscheduler": 144, "sched_setaffinity": 203},
    **{"sched_setattr": 314, "bpf": 321, "perf_event_open": 298},
}
_AARCH64 = _LATER | {
    **{"socket": 198, "connect": 203, "socketpair": 199, "prlimit64": 261},
    **{"fchmod": 52, "fchmodat": 53, "truncate": 45},
    **{"fchownat": 54, "fchown": 55, "utimensat": 88},
    **{"setxattr": 5, "lsetxattr": 6, "fsetxattr": 7},
    **{"removexattr": 14, "lremovexattr": 15, "fremovexattr": 16},
    **{"add_key": 217, "request_key": 218, "keyctl": 219},
    **{"memfd_create": 279, "execveat": 281, "ptrace": 117},
    **{"process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272},
    **{"setpriority": 140, "ioprio_set": 30, "migrate_pages": 238, "move_pages": 239},
    **{"sched_setparam": 118, "sched_setscheduler": 119, "sched_setaffinity": 122},
    **{"sched_setattr": 274, "bpf": 280, "perf_event_open": 241},
}
_ARCHITECTURES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}
_X32 = 0x40000000
"""From here on: the calls of x86_64 by other numbers."""

_PRETENDED = ("chmod", "fchmod", "fchmodat", "fchmodat2", "truncate")
"""Answered as if they were done: PostgreSQL does not start without the first, nor drops a table
well without the last, and misses neither. Its files are closed to others as they are made."""

# What is answered by its arguments.
_SOCKETS = ("socket", "socketpair")
_LIMITS = "prlimit64"

# Instructions of the filter, and where it finds what: linux/bpf_common.h, linux/seccomp.h.
_LOAD, _MASK, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_CALL, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24
_ALLOW, _ANSWER = 0x7FFF0000, 0x00050000
_AF_UNIX, _SOCK_STREAM, _SOCK_TYPES = 1, 1, 0xF


class _Step(NamedTuple):
    """One instruction; its jumps go to labels, and None to the next step."""

    code: int
    value: int
    yes: str | None = None
    no: str | None = None


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


def restrict() -> None:
    """Filter what this process asks of the kernel from now on. Raises OSError.

    Call it with PR_SET_NO_NEW_PRIVS set. What is left of sockets are local streams, to listen at.
    """
    code = _assembled(*_ARCHITECTURES[platform.machine()])
    program = _Program(len(code), (_Instruction * len(code))(*code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _assembled(architecture: int, calls: dict[str, int]) -> list[_Instruction]:
    special = (*_PRETENDED, *_SOCKETS, _LIMITS)
    by_name = {name: "refuse" for name in calls if name not in special}
    by_name |= dict.fromkeys(_PRETENDED, "pretend") | dict.fromkeys(_SOCKETS, "sockets")
    by_name[_LIMITS] = "limits"
    labelled = {
        "start": [
            _Step(_LOAD, _ARCHITECTURE),
            _Step(_EQUAL, architecture, no="refuse"),
            _Step(_LOAD, _CALL),
            _Step(_AT_LEAST, _X32, yes="refuse"),
            *(_Step(_EQUAL, calls[name], end) for name, end in by_name.items() if name in calls),
            _Step(_RETURN, _ALLOW),
        ],
        "sockets": [
            _Step(_LOAD, _FIRST),
            _Step(_EQUAL, _AF_UNIX, no="refuse"),
            _Step(_LOAD, _SECOND),
            _Step(_MASK, _SOCK_TYPES),
            _Step(_EQUAL, _SOCK_STREAM, "allow", "refuse"),
        ],
        # Of oneself, which is process 0, limits may be asked for.
        "limits": [_Step(_LOAD, _FIRST), _Step(_EQUAL, 0, "allow", "refuse")],
        "allow": [_Step(_RETURN, _ALLOW)],
        "pretend": [_Step(_RETURN, _ANSWER)],
        "refuse": [_Step(_RETURN, _ANSWER | errno.EACCES)],
    }
    places, steps = {}, list[_Step]()
    for label, part in labelled.items():
        places[label] = len(steps)
        steps += part

    def jump(at: int, label: str | None) -> int:
        return places[label] - at - 1 if label else 0  # counted from the next instruction

    return [
        _Instruction(step.code, jump(at, step.yes), jump(at, step.no), step.value)
        for at, step in enumerate(steps)
    ]

"""How the memory of large blocks comes back."""

import ctypes
import sys

_LARGE = 2 << 20
"""Bytes: parts of an upload are larger, what is read at once is smaller."""

_MMAP_THRESHOLD = -3
_ARENA_MAX = -8
"""M_MMAP_THRESHOLD and M_ARENA_MAX of glibc's malloc.h."""

_HEAPS = 2
"""Else each of a dump's threads gets one of its own, with gaps of its own."""


def give_back_large_blocks() -> bool:
    """Have each large block of memory be one of its own that goes back when it is free.

    Once such a block was freed, glibc takes the next ones out of a heap, where they leave gaps as
    they grow: seen with parts of an upload, it costs 20 MB. Gives whether it could be set: other
    systems have other ways.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return bool(mallopt and mallopt(_MMAP_THRESHOLD, _LARGE) and mallopt(_ARENA_MAX, _HEAPS))

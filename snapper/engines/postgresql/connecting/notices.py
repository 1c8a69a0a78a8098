"""What a server says beside its answers: a function of somebody's may say any number of things.

psycopg2 keeps all of it until the statement has ended, which may be the rows of a whole table.
"""

import ctypes
from contextlib import suppress

from psycopg2 import _psycopg

MOST, LONGEST = 50, 500
"""What is kept in the end: how many, and bytes of each."""

_PROCESSOR = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)


def keep_few(address: int, kept: list[str]) -> object:
    """Have libpq, which psycopg2 has brought along, add to this list only, as long as it is short.

    The connection is given by its address. What is given back must live as long as it does.
    """

    def add(_: int | None, said: bytes) -> None:
        if len(kept) < MOST:
            kept.append(said[:LONGEST].decode(errors="replace"))

    processor = _PROCESSOR(add)
    with suppress(OSError, AttributeError):
        libpq = ctypes.CDLL(_psycopg.__file__)
        libpq.PQsetNoticeProcessor.restype = ctypes.c_void_p
        libpq.PQsetNoticeProcessor(ctypes.c_void_p(address), processor, None)
    return processor

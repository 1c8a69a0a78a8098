"""Asking a server to stop what a session of ours does, for a limited time."""

import ctypes
import threading
from contextlib import suppress

from psycopg2 import _psycopg
from psycopg2.extensions import connection as Link  # noqa: N812  a class, in small letters

PATIENCE = 5.0
"""Seconds in which a server that is well has heard it."""

_LONGEST_WORDS = 256
"""Bytes of what libpq may say of it."""


def cancel(link: Link, seconds: float = PATIENCE) -> None:
    """Ask for it, and wait so long at most: libpq waits for a server that hangs as long as it does.

    psycopg2 would do it while nothing else of Python runs, not even what a signal asks for.
    """
    address = link.pgconn_ptr
    # A daemon: nothing ends libpq's own waiting, and nobody is to wait for it.
    asking = threading.Thread(target=_cancel, args=(address,), name="cancel", daemon=True)
    asking.start()
    asking.join(seconds)


def _cancel(address: int) -> None:
    """Call libpq, which psycopg2 has brought along, without Python's lock."""
    with suppress(OSError, AttributeError):
        libpq = ctypes.CDLL(_psycopg.__file__)
        libpq.PQgetCancel.restype = ctypes.c_void_p
        of_session = ctypes.c_void_p(libpq.PQgetCancel(ctypes.c_void_p(address)))
        if of_session.value:
            libpq.PQcancel(of_session, ctypes.create_string_buffer(_LONGEST_WORDS), _LONGEST_WORDS)
            libpq.PQfreeCancel(of_session)

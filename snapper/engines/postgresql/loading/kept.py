"""How much of a dump is in memory at a time: who has forged one could make it all wait there."""

from collections.abc import Iterator

import psycopg2

from snapper.engines.postgresql.reading.statements import Part, Statement
from snapper.errors import RestoreFailed

LONGEST = 1 << 30
"""Bytes of one statement: it may go on for ever."""

MOST = 1 << 28
"""Bytes that may wait for their turn, or tell what was not done; so many have the rights on a
million tables."""

_EACH = 150
"""Bytes that Python takes for whatever is kept."""


class Kept:
    """Counts what is kept of one dump."""

    def __init__(self) -> None:
        self._size = 0

    def add(self, text: bytes | str, error: psycopg2.Error | None = None) -> None:
        """Count something and what was wrong with it; raise RestoreFailed if it is too much."""
        self._size += len(text) + len(str(error or "")) + _EACH
        if self._size > MOST:
            raise RestoreFailed(
                f"more than {MOST} bytes of the dump cannot be restored where they stand in it"
            )


def whole(part: Part, parts: Iterator[Part]) -> bytes:
    """Put a statement together that came in pieces; raise RestoreFailed if no server takes it."""
    if not (isinstance(part, Statement) and part.more):
        return part.text
    pieces, size = [part.text], len(part.text)
    for more in parts:
        pieces.append(more.text)
        size += len(more.text)
        if size > LONGEST:
            words = f"there is a statement of more than {LONGEST} bytes, which no server takes"
            raise RestoreFailed(
                f"at line {part.line} of the dump {words}", against_backup=True, everywhere=True
            )
        if not (isinstance(more, Statement) and more.more):
            break
    return b"".join(pieces)

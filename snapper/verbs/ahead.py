"""What is read ahead in a thread of its own, while somebody works with what came before."""

import threading
from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from typing import TypeVar

_Piece = TypeVar("_Piece")

MOST = 4
"""Pieces that wait at most; those of a dump have up to a megabyte."""


def ahead(pieces: Iterable[_Piece], most: int = MOST) -> Iterator[_Piece]:
    """Give the pieces, some of which are fetched before they are asked for; raises what they raise.

    Who stops asking waits for the piece that is being fetched, and nothing is fetched any more.

    >>> list(ahead(iter("abc"), most=1))
    ['a', 'b', 'c']
    """
    found: SimpleQueue[tuple[_Piece] | BaseException | None] = SimpleQueue()
    room, left = threading.Semaphore(most), threading.Event()

    def fetch() -> None:
        end: BaseException | None = None
        try:
            for piece in pieces:
                found.put((piece,))
                room.acquire()
                if left.is_set():
                    break
        except BaseException as why:
            end = why
        found.put(end)

    # A daemon: whoever forgets it in the middle keeps nothing from ending.
    thread = threading.Thread(target=fetch, name="ahead", daemon=True)
    thread.start()
    try:
        while isinstance(came := found.get(), tuple):
            room.release()
            yield came[0]
        if came:
            raise came
    finally:
        left.set()
        room.release()
        # Python may clear up a forgotten one anywhere, also within the very thread.
        if threading.current_thread() is not thread:
            thread.join()

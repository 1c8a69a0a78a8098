"""Connecting to a server that sleeps, starts or is full: again, until it answers."""

import time
from collections.abc import Callable
from typing import TypeVar

from snapper.errors import DatabaseUnreachable

LONGEST_WAIT = 90.0
"""Seconds that a server may take to wake up or to start, in all attempts together.

A paused database of Aurora's or Azure's takes 15 to 40.
"""

FIRST_LIMIT = 15.0
"""Seconds for the first attempt. Each later one has as much more: a server that is woken by an
attempt may answer that one alone, and late."""

_PAUSES = (1.0, 2.0, 4.0)
"""Seconds between two attempts, the last one for all that follow."""

_SHORTEST = 2.0
"""Seconds that an attempt needs to be worth it."""

_Link = TypeVar("_Link")


def until_it_answers(
    attempt: Callable[[float], _Link],
    patience: float,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> _Link:
    """Give what `attempt` gives, which is told how many seconds it may take; 0 are its own usual.

    Raises what it raised, at once where that does not pass by itself, else when there are no
    `patience` seconds left, or not LONGEST_WAIT.
    """
    began = clock()
    end = began + min(LONGEST_WAIT, patience)
    tried = 0
    while True:
        try:
            left = end - clock()
            return attempt(min(FIRST_LIMIT * (tried + 1), left) if tried else 0.0)
        except DatabaseUnreachable as error:
            tried += 1
            wait = _PAUSES[min(tried, len(_PAUSES)) - 1]
            if not error.passing:
                raise
            if end - clock() - wait < _SHORTEST:
                if tried > 1:
                    error.args = (f"{error} (tried {tried} times in {clock() - began:.0f} s)",)
                raise
        pause(wait)

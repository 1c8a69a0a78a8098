"""How fast something grows: the middle of all slopes, which a single odd value does not move."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import combinations
from statistics import median

_FEWEST = 3
_SHORTEST = timedelta(days=1)
_MOST = 60
"""Of more values than this the last ones count: the pairs grow with the square."""

_DAY = timedelta(days=1)

Sized = tuple[datetime, int]
"""When it was measured, and its bytes."""


def growth(sizes: Sequence[Sized]) -> float | None:
    """Give bytes a day; None if there are fewer than three values, or all of one day.

    >>> noon = datetime(2026, 11, 23, 12)
    >>> growth([(noon + timedelta(days=n), 1000 + 10 * n) for n in range(5)])
    10.0
    """
    known = sorted(sizes)[-_MOST:]
    if len(known) < _FEWEST or known[-1][0] - known[0][0] < _SHORTEST:
        return None
    slopes = [
        (size - before) / ((at - then) / _DAY)
        for (then, before), (at, size) in combinations(known, 2)
        if at > then
    ]
    return median(slopes)


def grown(size: float, by: float | None, after: timedelta) -> float:
    """Give the bytes after some time; nothing shrinks below nothing, what is not known stays."""
    return max(size + (by or 0.0) * (after / _DAY), 0.0)

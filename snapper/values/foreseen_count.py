"""How many backups there will be, by rules, of a database that is backed up as regularly as now."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from snapper.values.rules import Rules
from snapper.values.tally import Tally

_MOST = 10_000
"""Backups that are thought of, the newest: more than a year of hourly ones."""

_ANY_DAY = datetime(2026, 7, 1, tzinfo=UTC)


@lru_cache(maxsize=1000)
def foreseen_count(keep: Rules, pause: timedelta, history: timedelta) -> int:
    """Give how many stay where one was begun after every pause, since so long ago.

    >>> foreseen_count(Rules(daily=14, weekly=8), timedelta(days=1), timedelta(days=365))
    19
    >>> foreseen_count(Rules(daily=14, weekly=8), timedelta(days=1), timedelta(days=5))
    6
    """
    number = min(int(history / pause) + 1, _MOST)
    begun = [_ANY_DAY - count * pause for count in range(number)]
    counted = [(at, at) for at in begun]
    tally = Tally(keep, counted, begun[0], UTC)
    kept = 0
    for one in counted:
        kept += tally.wants(one)
        tally.count(one)
    return kept

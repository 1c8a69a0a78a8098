"""How often a job is tried, and how soon again after it failed."""

from datetime import timedelta

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 30, 30))
"""After each attempt but the last: most servers that were asleep answer by the second."""

ATTEMPTS = len(PAUSES) + 1
"""Five, as AWS asks for a queue of Lambda's: a delivery that the account's limit of functions
throttles is counted by the queue like an attempt, and must not be what ends a job."""


def pause_after(attempt: int) -> timedelta:
    """Give the time until the next attempt; after the last a job shall join the dead letters now.

    >>> [pause_after(attempt).seconds // 60 for attempt in range(1, 6)]
    [2, 10, 30, 30, 0]
    """
    return PAUSES[attempt - 1] if 0 < attempt <= len(PAUSES) else timedelta()

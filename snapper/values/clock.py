"""Which times lie ahead of now: nobody can have made what bears them, so it counts for nothing."""

from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""By so much the clocks of honest machines may differ."""

AHEAD = "stamped later than now"
"""What is said of a backup or a record that bears such a time."""


def is_ahead(at: datetime, now: datetime) -> bool:
    """Tell whether a time is further ahead of now than clocks differ.

    `now` may also be when S3 took the thing that bears the time: what was stored before its own
    time stays a forgery when that time has come.
    """
    return at - now > TOLERANCE

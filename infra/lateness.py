"""After how long without a good backup an alarm tells of a database."""

from collections.abc import Iterable
from datetime import timedelta
from math import ceil

from infra.checks import LONGEST_WATCH
from snapper.values.schedule import parse_schedule
from snapper.values.secrets import Database
from snapper.values.timetable import late_after

HOUR = timedelta(hours=1)


def watched_for(database: Database, schedule: str, late_after_hours: int) -> timedelta:
    """Say how long a database may be without a good backup; zero is for ever.

    Unless the operator chose: as `status` judges it, as far as an alarm can look back. What pauses
    longer than that cannot be watched. What the operator chose for the stage is no measure for a
    database with a schedule of its own.
    """
    options = database.options
    if not options.max_age_hours:
        if late_after_hours < 0:
            return timedelta()
        if late_after_hours and not options.schedule:
            return timedelta(hours=late_after_hours)
        if parse_schedule(options.schedule or schedule).longest_pause() >= LONGEST_WATCH:
            return timedelta()
    allowed = late_after(options, parse_schedule(schedule))
    return min(timedelta(hours=ceil(allowed / HOUR)), LONGEST_WATCH)


def unwatched(
    databases: Iterable[Database], schedule: str, late_after_hours: int
) -> dict[str, list[str]]:
    """Give the keys of those that cannot be watched, by schedule; none where nobody wants it."""
    found: dict[str, list[str]] = {}
    for each in databases if late_after_hours >= 0 else ():
        if not watched_for(each, schedule, late_after_hours):
            found.setdefault(each.options.schedule or schedule, []).append(each.key)
    return found

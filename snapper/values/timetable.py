"""Which databases a schedule is for, and when the backups of each are late.

Each schedule that databases have of their own is a rule of EventBridge. A scheduled event names its
rule, and the rule's name ends with a mark of the schedule; the stage's own has none.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeGuard

from snapper.values.health import LATE
from snapper.values.options import Options
from snapper.values.schedule import Schedule, ScheduleInvalid, parse_schedule

_RULE = re.compile(
    r"arn:[a-z-]+:events:[a-z0-9-]+:\d+:rule/snapper-[a-z0-9-]+(?:_(?P<mark>[0-9a-f]{8}))?",
    re.ASCII,
)

_OF_DRILLS = "-drills"


def mark_of(schedule: str) -> str:
    """Give the mark of a database's own schedule, by which a rule's name ends."""
    return hashlib.sha256(schedule.encode()).hexdigest()[:8]


def rules_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the ARNs of the rules that a scheduled event names."""
    named = event.get("resources")
    return tuple(filter(_RULE.fullmatch, named)) if _are_texts(named) else ()


def due(options: Mapping[str, Options], rules: Sequence[str]) -> list[str]:
    """Give the databases for which these rules fired, by their ARNs: all where none is named.

    A rule that an earlier deployment had is for nobody, and so is that of the drills.
    """
    found = [match for rule in rules if (match := _RULE.fullmatch(rule))]
    if not found:
        return sorted(options)
    marks = {match["mark"] or "" for match in found if not are_of_drills([match[0]])}
    return sorted(
        key
        for key, each in options.items()
        if (mark_of(each.schedule) if each.schedule else "") in marks
    )


def are_of_drills(rules: Sequence[str]) -> bool:
    """Tell whether an event of these rules has the prover plan its drills."""
    return any(rule.endswith(_OF_DRILLS) for rule in rules)


def _are_texts(found: object) -> TypeGuard[list[str]]:
    return isinstance(found, list) and all(isinstance(each, str) for each in found)


def schedule_of(options: Options, stage: Schedule) -> Schedule:
    """Give the schedule of a database: its own, or that of the stage."""
    return parse_schedule(options.schedule) if options.schedule else stage


@dataclass(frozen=True)
class Punctuality:
    """When a stage backs up, and its `lateAfterHours`: 0 leaves it to the schedule, -1 is never."""

    schedule: Schedule
    hours: int = 0

    def late_after(self, options: Options) -> timedelta:
        """Give how old the newest backup of a database may be: what is said, or 1.5 longest pauses.

        What the stage says is no measure for a database with a schedule of its own.
        """
        if options.max_age_hours:
            return timedelta(hours=options.max_age_hours)
        if self.hours > 0 and not options.schedule:
            return timedelta(hours=self.hours)
        return LATE * schedule_of(options, self.schedule).longest_pause()

    def is_watched(self, options: Options) -> bool:
        """Tell whether an alarm shall tell that this database is late."""
        return self.hours >= 0 or bool(options.max_age_hours)


def read_hours(text: str) -> int:
    """Read `lateAfterHours` as it travels; empty where an older release deployed the stage."""
    return int(text or "0")


def age_fault(options: Options, schedule: str) -> str:
    """Tell of an age that backups reach between two runs; `schedule` is the stage's."""
    written = options.schedule or schedule
    try:
        pause = parse_schedule(written).longest_pause()
    except ScheduleInvalid:
        return ""  # said already
    if not options.max_age_hours or timedelta(hours=options.max_age_hours) > pause:
        return ""
    return (
        f"maxAgeHours is {options.max_age_hours}, must be more than the "
        f"{pause / timedelta(hours=1):g} hours between two runs of {written}"
    )

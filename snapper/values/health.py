"""Whether a database's backups are as they should be: judged purely, with the reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from snapper.values.clock import AHEAD

LATE = 1.5
"""Periods after which the newest backup is late."""

LONGEST_AGE = 366 * 24
"""Hours: the oldest that a newest backup can be allowed to be."""

SHRUNK = 0.5
"""Share of the usual size below which a backup is suspicious."""

COMPARED = 5
"""Earlier backups whose median is the usual size."""


@dataclass(frozen=True)
class Made:
    """One backup: when it was due, and its size in bytes."""

    taken_at: datetime
    backup_bytes: int


@dataclass(frozen=True)
class Failure:
    """One failed attempt: the time its backup was due, when it failed, and why."""

    scheduled_at: datetime
    at: datetime
    reason: str

    @property
    def due(self) -> datetime:
        """The time that counts: no later than that of the failure, whatever the job says."""
        return min(self.scheduled_at, self.at)


@dataclass(frozen=True)
class Health:
    """What is known of one database, and what is wrong with it; no problem means healthy."""

    newest: Made | None
    usual_bytes: float | None
    failure: Failure | None
    problems: tuple[str, ...]


def is_late(newest_at: datetime, late_after: timedelta, now: datetime) -> bool:
    """Tell whether a database is late whose newest backup was begun then."""
    return now - newest_at > late_after


def judge(
    made: Sequence[Made],
    damaged: int,
    failure: Failure | None,
    late_after: timedelta,
    now: datetime,
    dead_letters: int = 0,
    *,
    unrestorable: bool = False,
    unproven: bool = False,
    ahead: int = 0,
) -> Health:
    """Judge a database by its backups (newest first) and its newest failure.

    Its newest backup is late when that is older than `late_after`.
    `damaged` counts listed backups that are not what they should be. A failure counts until the
    backup that it was for, or a later one, has been made: many a second attempt succeeds. A job
    among the dead letters has failed for good, and the alarm is on until it is retried or
    discarded, whatever was made since. `unrestorable` is a database whose newest backup that was
    restored for the proof could not be, for a reason that nobody has accepted; `unproven` is one of
    which none was restored for too long. `ahead` counts those that bear a time which is still to
    come: somebody has forged them, or a clock is wrong.
    """
    newest = made[0] if made else None
    earlier = [each.backup_bytes for each in made[1 : 1 + COMPARED]]
    usual = median(earlier) if earlier else None
    problems: list[str] = []
    if newest is None:
        problems.append("no backup")
    elif is_late(newest.taken_at, late_after, now):
        problems.append("late")
    if newest is not None and usual and newest.backup_bytes < SHRUNK * usual:
        problems.append("shrunk")
    if failure is not None and (newest is None or failure.due > newest.taken_at):
        problems.append("failing")
    else:
        failure = None
    if dead_letters:
        problems.append("failed")
    if damaged:
        problems.append("damaged")
    if unrestorable:
        problems.append("unrestorable")
    if unproven:
        problems.append("unproven")
    if ahead:
        problems.append(AHEAD)
    return Health(newest, usual, failure, tuple(problems))

"""How often backups are restored for the proof, and how long a database may be unproven."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from snapper.values.option import Choice

EVERY_BACKUP, DAILY, WEEKLY, MONTHLY, OFF = "every-backup", "daily", "weekly", "monthly", "off"

FREQUENCIES = {
    EVERY_BACKUP: timedelta(days=7),  # unless there is a new one
    DAILY: timedelta(days=1),
    WEEKLY: timedelta(days=7),
    MONTHLY: timedelta(days=30),
    OFF: timedelta.max,
}
"""By the word for it, the time between two drills of a database."""

LONGEST_UNPROVEN = 366
"""Days, at most, of `provenWithinDays`."""

_USUAL_DAYS = 10
_DAYS = {MONTHLY: 40, OFF: 0}

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Frequency(Choice):
    """One of the words for how often. `off` without quotes is for YAML the opposite of true."""

    def read(self, value: object) -> str:
        """Read one of the words."""
        return OFF if value is False else super().read(value)


class Deciding(Protocol):
    """What the options of a database say about its drills; see snapper/values/options.py."""

    @property
    def drill(self) -> str:
        """How often, or nothing."""
        ...

    @property
    def proven_within_days(self) -> int | None:
        """How many days may pass, or None."""
        ...


@dataclass(frozen=True)
class Proving:
    """How often, and after how many days without a proof a database is unproven; 0 is never.

    Where the days are None they follow from how often: a proof a week may be late by three days.
    """

    drill: str = ""
    within_days: int | None = None

    def of(self, options: Deciding) -> "Proving":
        """Give what holds for a database of a stage for which this holds."""
        drill, days = options.drill or self.frequency, options.proven_within_days
        if days is None and drill != OFF:
            days = self.within_days
        return Proving(drill, days)

    @property
    def frequency(self) -> str:
        """How often; what an older deployment does not say is the usual."""
        return self.drill or WEEKLY

    @property
    def within(self) -> timedelta | None:
        """How long a database may be without a proof; None is for ever."""
        days = self.within_days
        if days is None:
            days = _DAYS.get(self.frequency, _USUAL_DAYS)
        return timedelta(days=days) if days else None

    def is_unproven(self, since: datetime, now: datetime) -> bool:
        """Tell whether a database that was last proven then has been so for too long."""
        return self.within is not None and now - since > self.within


def is_due(
    proving: Proving, database: str, made_at: datetime, tried_at: datetime | None, now: datetime
) -> bool:
    """Tell, once an hour, whether the newest backup of a database is to be drilled in this hour.

    It was `made_at`, and a backup of the database `tried_at` the last time. Databases have their
    hours by a hash of their keys, so that not all of a stage are due at once. What should have been
    tried and was not is due again a day later, and a database that was never tried within a day.
    """
    if proving.frequency == OFF:
        return False
    begins = _begins(proving, database, made_at, now)
    if tried_at and tried_at >= begins:
        return False
    return (now - begins) % _DAY < _HOUR


def _begins(proving: Proving, database: str, made_at: datetime, now: datetime) -> datetime:
    """Give the hour since which the drill that matters now is due."""
    pause = FREQUENCIES[proving.frequency]
    hours = int.from_bytes(hashlib.sha256(database.encode()).digest()[:4]) % (pause // _HOUR)
    begins = now - (now - _BEGINNING - hours * _HOUR) % pause
    return max(begins, made_at) if proving.frequency == EVERY_BACKUP else begins


def read_days(text: str) -> int | None:
    """Read what a setting says of days; nothing, or nonsense, is None."""
    return int(text) if text.isdecimal() else None

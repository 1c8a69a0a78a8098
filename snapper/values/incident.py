"""What went wrong with backups, and when it was right again: judged purely."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from snapper.values.health import Failure


@dataclass(frozen=True)
class Mend:
    """Something that went well: a backup of this time, or its proof, which was there `at`."""

    of: datetime
    at: datetime


@dataclass(frozen=True)
class Incident:
    """Every failure for one backup, with the last one's reason, and when it was mended.

    `mended_at` is None where nothing that mends it is known.
    """

    scheduled_at: datetime
    first_at: datetime
    last_at: datetime
    attempts: int
    reason: str
    mended_at: datetime | None


_BACKUP = attrgetter("scheduled_at", "at")


def incidents(failures: Iterable[Failure], mends: Sequence[Mend]) -> tuple[Incident, ...]:
    """Give an incident for each backup that failures were for, oldest first.

    The backup itself mends it, or any later one, as soon as it is there.
    """
    found = []
    ordered = sorted(failures, key=_BACKUP)
    for scheduled_at, of_one in groupby(ordered, key=attrgetter("scheduled_at")):
        tries = list(of_one)
        first, last = tries[0], tries[-1]
        due = min(each.due for each in tries)
        mended = [mend.at for mend in mends if mend.of >= due and mend.at >= first.at]
        found.append(
            Incident(
                scheduled_at, first.at, last.at, len(tries), last.reason, min(mended, default=None)
            )
        )
    return tuple(sorted(found, key=attrgetter("first_at")))

"""The lock on the bucket: how long whatever is put there can be deleted for good by nobody."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from snapper.values.nearest import did_you_mean

OBJECT_LOCK = "objectLock"
"""The key of the stack's config."""

GOVERNANCE, COMPLIANCE = "governance", "compliance"
MODES = (GOVERNANCE, COMPLIANCE)

LONGEST = 36_500
"""Days that S3 locks an object for at most, a hundred years. Source: S3's guide on Object Lock."""

SUMMARIES = timedelta(days=1)
"""How long a summary is locked, which is written anew every hour and says nothing of its own."""

_EXAMPLE = "{mode: governance, days: 30}"


@dataclass(frozen=True)
class ObjectLock:
    """Each object is locked for so many days; by `governance` some rights of AWS's lift it."""

    mode: str
    days: int

    @property
    def aws_mode(self) -> str:
        """The mode as S3 writes it."""
        return self.mode.upper()

    @property
    def words(self) -> str:
        """What it says, in words.

        >>> ObjectLock("governance", 30).words
        'for 30 days (governance)'
        """
        return f"for {self.days} day{'' if self.days == 1 else 's'} ({self.mode})"

    def to_text(self) -> str:
        """Write it as it travels.

        >>> ObjectLock("compliance", 7).to_text()
        'compliance 7'
        """
        return f"{self.mode} {self.days}"

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """Read what `to_text` wrote; of anything else None."""
        mode, _, days = text.partition(" ")
        number = int(days) if re.fullmatch(r"[1-9][0-9]{0,4}", days) else 0
        return cls(mode, number) if mode in MODES and 1 <= number <= LONGEST else None


def read_lock(given: object, faults: list[str], key: str = OBJECT_LOCK) -> ObjectLock | None:
    """Read the setting; every fault joins `faults`. None where nothing is set."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        faults.append(f"{key} must hold a mode and days, like {_EXAMPLE}")
        return None
    known = ("mode", "days")
    wrong = []
    for name in given:
        if name not in known:
            meant = did_you_mean(str(name), known) or "there are mode and days"
            wrong.append(f"{key}.{name} is no part of the setting: {meant}")
    mode, days = given.get("mode"), given.get("days")
    if mode not in MODES:
        wrong.append(f"{key}.mode {_is(mode)}must be {' or '.join(MODES)}")
    if type(days) is not int or not 1 <= days <= LONGEST:
        wrong.append(f"{key}.days {_is(days)}must be a whole number from 1 to {LONGEST}")
    faults.extend(wrong)
    return None if wrong else ObjectLock(str(mode), int(str(days)))


def _is(value: object) -> str:
    if value is None:
        return "is not set, "
    return f"is {value}, " if isinstance(value, (int, str)) and len(str(value)) < 60 else ""

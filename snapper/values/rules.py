"""How many backups a database keeps: a plain count, or restic's words for it.

`7` are the newest 7. `last=7 hourly=24 daily=14 weekly=8 monthly=12 yearly=3 within=30d` are words,
any of them in any order, and a backup stays for every one that wants it. What each means is told in
docs/retention.md; `snapper/values/tally.py` counts by it.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta, tzinfo

MOST = 999_999

_NUMBER = re.compile(r"(?!0+$)[0-9]{1,6}", re.ASCII)
_SPAN = re.compile(r"(?:[0-9]{1,6}[ymdh])+", re.ASCII)
_UNITS = {"y": "years", "m": "months", "d": "days", "h": "hours"}


@dataclass(frozen=True)
class Span:
    """A time as restic writes one: years, months, days and hours, each at most once.

    >>> str(Span.read("7d1y2h")), str(Span.read("30d"))
    ('1y7d2h', '30d')
    """

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0

    @classmethod
    def read(cls, text: str) -> "Span":
        """Read one; raise ValueError with the end of a sentence."""
        parts = re.findall(r"([0-9]+)([ymdh])", text) if _SPAN.fullmatch(text) else []
        units = [unit for _, unit in parts]
        found = cls(**{_UNITS[unit]: int(number) for number, unit in parts})
        if not parts or len(set(units)) < len(units) or found == cls():
            raise ValueError("must be a time such as 30d, 12h or 1y5m7d2h")
        return found

    def before(self, at: datetime, zone: tzinfo) -> datetime:
        """Give the moment so long before another: by the calendar and the clock of the zone.

        As in restic there is no 31st of February: that is the 3rd of March, or the 2nd. What lies
        before the first year is the first moment there is.
        """
        local = _local(at, zone)
        year, month = divmod(12 * (local.year - self.years) + local.month - 1 - self.months, 12)
        with suppress(OverflowError, ValueError):
            if self != Span(hours=self.hours):
                first = local.replace(year=year, month=month + 1, day=1, fold=0)
                local = first + timedelta(days=local.day - 1 - self.days)
            return local.astimezone(UTC) - timedelta(hours=self.hours)
        return datetime.min.replace(tzinfo=UTC)

    def __str__(self) -> str:
        """Write it as `read` reads it."""
        return "".join(
            f"{value}{unit}" for unit, name in _UNITS.items() if (value := getattr(self, name))
        )


@dataclass(frozen=True)
class Rules:
    """What stays, in restic's words; 0 is a word that is not there, and one is there at least.

    >>> str(Rules(last=7, within=Span(days=30)))
    'last=7 within=30d'
    """

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: Span | None = None

    def __str__(self) -> str:
        """Write them as `read_retention` reads them, always in the same order."""
        given = ((each.name, getattr(self, each.name)) for each in fields(self))
        return " ".join(f"{name}={value}" for name, value in given if value)


Retention = int | Rules
"""How many backups stay: the newest so many, or those that the rules want."""

WORDS = tuple(each.name for each in fields(Rules))


def read_retention(text: str) -> Retention:
    """Read what a row of the secret says; raise ValueError with the end of a sentence.

    It repeats nothing of the text: that may be a secret in the wrong place.

    >>> read_retention("7"), read_retention("daily=14 last=7")
    (7, Rules(last=7, hourly=0, daily=14, weekly=0, monthly=0, yearly=0, within=None))
    """
    if _NUMBER.fullmatch(text.strip()):
        return int(text)
    parted = [word.partition("=") for word in text.split()]
    if not any(name in WORDS for name, _, _ in parted):
        raise ValueError(
            f"must keep a whole number of backups from 1 to {MOST}, or have rules such as "
            "last=7 daily=14"
        )
    found: dict[str, int | Span] = {}
    for number, (name, _, value) in enumerate(parted, 1):
        if name not in WORDS:
            raise ValueError(f"has a rule {number} that is none of {', '.join(WORDS)}")
        if name in found:
            raise ValueError(f"says {name} twice")
        found[name] = _read(name, value)
    return replace(Rules(), **found)  # type: ignore[arg-type]  # each by its own name


def _read(name: str, value: str) -> int | Span:
    if name == "within":
        try:
            return Span.read(value)
        except ValueError as error:
            raise ValueError(f"has within, which {error}") from None
    if not _NUMBER.fullmatch(value):
        raise ValueError(f"has {name}, which must be a whole number from 1 to {MOST}")
    return int(value)


def to_json(keep: Retention) -> int | str:
    """Give it as a value of JSON: a count is a number, rules are a text."""
    return keep if isinstance(keep, int) else str(keep)


def is_retention(text: str) -> bool:
    """Tell whether a text can be read as one."""
    with suppress(ValueError):
        return bool(read_retention(text))
    return False


def buckets(rules: Rules) -> Iterator[tuple[str, int]]:
    """Give the words that go by the calendar, with how many each keeps."""
    for name in ("hourly", "daily", "weekly", "monthly", "yearly"):
        if most := getattr(rules, name):
            yield name, most


def bucket(name: str, at: datetime, zone: tzinfo) -> tuple[object, ...]:
    """Name the hour, day, ISO week, month or year of the zone in which something was begun.

    An hour that the clock shows twice, when summer ends, is two hours.

    >>> bucket("weekly", datetime(2027, 1, 2, tzinfo=UTC), UTC)
    (2026, 53)
    """
    local = _local(at, zone)
    match name:
        case "hourly":
            return local.date(), local.hour, local.utcoffset()
        case "daily":
            return (local.date(),)
        case "weekly":
            return local.isocalendar()[:2]
        case "monthly":
            return local.year, local.month
        case _:
            return (local.year,)


def _local(at: datetime, zone: tzinfo) -> datetime:
    """Give the time in the zone; whoever forges one of the first or last day gets it as it is."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at

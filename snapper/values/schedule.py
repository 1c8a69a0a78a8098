"""When a schedule fires: EventBridge's rate(...) and cron(...), in UTC.

The grammar and its meaning are AWS's: six cron fields (minutes, hours, day of month, month, day of
week with Sunday as 1, year), with `L`, `W`, `#` and `?`. Source: Amazon EventBridge user guide.
"""

import calendar
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_RATE = re.compile(
    r"rate\((?P<count>[1-9]\d{0,5}) (?P<unit>minute|hour|day)(?P<plural>s?)\)", re.ASCII
)
_CRON = re.compile(r"cron\((?P<fields>[^()]+)\)")
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}

# AWS knows no year beyond this one.
_LAST_YEAR = 2199
_BEFORE_ALL = datetime(1969, 12, 31, tzinfo=UTC)

_YEAR = timedelta(days=365)
# Long enough to see every month's end, and a yearly run twice.
_SAMPLE = timedelta(days=400)


@dataclass(frozen=True)
class _Field:
    """One numeric cron field: its name, bounds, and the names that stand for numbers."""

    name: str
    lowest: int
    highest: int
    names: dict[str, int]

    def values(self, text: str) -> frozenset[int]:
        """Give the numbers that a list of values, ranges and steps means; raise ValueError."""
        return frozenset(number for item in text.split(",") for number in self._item(item))

    def _item(self, item: str) -> range:
        span, slash, step = item.partition("/")
        if slash and not (step.isascii() and step.isdecimal()):
            raise ValueError
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = self.lowest, self.highest
        else:
            start = self._number(first)
            end = self._number(last) if dash else (self.highest if slash else start)
        if start > end or (slash and int(step) < 1):
            raise ValueError
        return range(start, end + 1, int(step) if slash else 1)

    def _number(self, text: str) -> int:
        plain = text.isascii() and text.isdecimal()
        number = self.names.get(text.upper(), int(text) if plain else -1)
        if not self.lowest <= number <= self.highest:
            raise ValueError
        return number


_MINUTES = _Field("minutes", 0, 59, {})
_HOURS = _Field("hours", 0, 23, {})
_DAYS = _Field("day of month", 1, 31, {})
_MONTH = _Field("month", 1, 12, _MONTHS)
_WEEKDAY = _Field("day of week", 1, 7, _WEEKDAYS)
_YEARS = _Field("year", 1970, _LAST_YEAR, {})
_NAMES = [field.name for field in (_MINUTES, _HOURS, _DAYS, _MONTH, _WEEKDAY, _YEARS)]

_DayRule = Callable[[date], bool]


@dataclass(frozen=True)
class Rate:
    """A schedule that fires every `period`, counted from when it was deployed."""

    period: timedelta

    def next_after(self, _: datetime) -> datetime | None:
        """Give None: EventBridge counts from when the rule was made, and does not tell it."""
        return None

    def longest_pause(self) -> timedelta:
        """Give the longest time between two runs."""
        return self.period

    def runs_a_month(self) -> float:
        """Give how often it fires in a month of the usual length."""
        return _YEAR / 12 / self.period


@dataclass(frozen=True)
class Cron:
    """A schedule that fires at certain minutes of certain days."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    fires_on: _DayRule

    def next_after(self, last: datetime) -> datetime | None:
        """Give the first run after `last`, or None if there is none any more."""
        return next(self._runs(last.astimezone(UTC)), None)

    def longest_pause(self) -> timedelta:
        """Give the longest time between two runs of a year; a year if there are not two."""
        start = datetime(2024, 1, 1, tzinfo=UTC)
        year = itertools.takewhile(lambda at: at - start < _SAMPLE, self._runs(start))
        pauses = (later - earlier for earlier, later in itertools.pairwise(year))
        return max(pauses, default=_SAMPLE)

    def runs_a_month(self) -> float:
        """Give how often it fires in a month of the usual length, if it does so every year."""
        days = (date(2025, 1, 1) + timedelta(days=n) for n in range(_YEAR.days))
        firing = sum(1 for day in days if day.month in self.months and self.fires_on(day))
        return firing * len(self.hours) * len(self.minutes) / 12

    def _runs(self, after: datetime) -> Iterator[datetime]:
        day = after.date()
        while day.year <= max(self.years):
            if day.year in self.years and day.month in self.months and self.fires_on(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                        if at > after:
                            yield at
            day += timedelta(days=1)


Schedule = Rate | Cron


class ScheduleInvalid(ValueError):
    """The expression is no schedule; the message completes "the schedule ..."."""


def parse_schedule(expression: str) -> Schedule:
    """Read a schedule; raise ScheduleInvalid with the first fault.

    >>> parse_schedule("rate(12 hours)").longest_pause()
    datetime.timedelta(seconds=43200)
    >>> parse_schedule("cron(0 3 ? * MON-FRI *)").longest_pause().days
    3
    """
    if rate := _RATE.fullmatch(expression):
        return _rate(int(rate["count"]), rate["unit"], rate["plural"])
    if cron := _CRON.fullmatch(expression):
        return _cron(cron["fields"].split())
    raise ScheduleInvalid("must be rate(1 day), rate(12 hours), cron(0 3 * * ? *) or alike")


def why_never(schedule: Schedule, now: datetime) -> str:
    """Give the end of a sentence on a schedule that never fires from now on, else nothing.

    >>> why_never(parse_schedule("cron(0 3 31 2 ? *)"), datetime(2026, 1, 1, tzinfo=UTC))
    'never fires: there is no such day'
    """
    if isinstance(schedule, Rate) or schedule.next_after(now):
        return ""
    if schedule.next_after(_BEFORE_ALL):
        return "never fires again: all of its days are over"
    return "never fires: there is no such day"


def _rate(count: int, unit: str, plural: str) -> Rate:
    if bool(plural) != (count != 1):
        right = f"{unit}s" if count != 1 else unit
        raise ScheduleInvalid(f"must be rate({count} {right})")
    return Rate(timedelta(**{f"{unit}s": count}))


def _cron(fields: list[str]) -> Cron:
    if len(fields) != len(_NAMES):
        raise ScheduleInvalid(f"has {len(fields)} cron fields, must have six: {', '.join(_NAMES)}")
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise ScheduleInvalid(
            "must have ? as its day of month or as its day of week, and not as both"
        )
    return Cron(
        _read(_MINUTES, minutes),
        _read(_HOURS, hours),
        _read(_MONTH, months),
        _read(_YEARS, years),
        _weekday_rule(weekdays) if days == "?" else _day_rule(days),
    )


def _read(field: _Field, text: str) -> frozenset[int]:
    try:
        return field.values(text)
    except ValueError:
        raise ScheduleInvalid(
            f"has {text} as its {field.name}, must be within {field.lowest}-{field.highest}"
        ) from None


def _last_day(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _day_rule(text: str) -> _DayRule:
    if text == "L":
        return lambda day: day.day == _last_day(day)
    if nearest := re.fullmatch(r"(\d+)W", text, re.ASCII):
        (wanted,) = _read(_DAYS, nearest[1])
        return lambda day: day.day == _nearest_weekday(day, wanted)
    days = _read(_DAYS, text)
    return lambda day: day.day in days


def _nearest_weekday(month: date, wanted: int) -> int:
    """Give the working day nearest to a day of the month, without leaving the month."""
    last = _last_day(month)
    target = month.replace(day=min(wanted, last))
    if target.weekday() == calendar.SATURDAY:
        return target.day - 1 if target.day > 1 else 3
    if target.weekday() == calendar.SUNDAY:
        return target.day + 1 if target.day < last else target.day - 2
    return target.day


def _weekday_rule(text: str) -> _DayRule:
    if text == "L":
        text = "7"
    if nth := re.fullmatch(r"(\w+)#([1-5])", text):
        (wanted,) = _read(_WEEKDAY, nth[1])
        return lambda day: _aws_weekday(day) == wanted and (day.day - 1) // 7 + 1 == int(nth[2])
    if last := re.fullmatch(r"(\w+)L", text):
        (wanted,) = _read(_WEEKDAY, last[1])
        return lambda day: _aws_weekday(day) == wanted and day.day > _last_day(day) - 7
    weekdays = _read(_WEEKDAY, text)
    return lambda day: _aws_weekday(day) in weekdays


def _aws_weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1

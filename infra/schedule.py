"""The grammar of EventBridge schedules, checked before AWS is asked: rate(...) and cron(...)."""

import re
from datetime import timedelta

_RATE = re.compile(r"rate\((?P<count>[1-9]\d{0,5}) (?P<unit>minute|hour|day)(?P<plural>s?)\)")
_CRON = re.compile(r"cron\((?P<fields>[^()]+)\)")

# Which characters may stand in each field; the values themselves are left to AWS.
_FIELDS = (
    ("minutes", re.compile(r"[\d,*/-]+")),
    ("hours", re.compile(r"[\d,*/-]+")),
    ("day of month", re.compile(r"[\d,*/?LW-]+")),
    ("month", re.compile(r"[\dA-Z,*/-]+", re.IGNORECASE)),
    ("day of week", re.compile(r"[\dA-Z,*/?L#-]+", re.IGNORECASE)),
    ("year", re.compile(r"[\d,*/-]+")),
)


def schedule_faults(expression: str) -> list[str]:
    """Tell what is wrong with a schedule, in words that complete "the schedule ...".

    >>> schedule_faults("rate(2 day)")
    ['must be rate(2 days): several, so plural']
    """
    if rate := _RATE.fullmatch(expression):
        count, unit, plural = rate["count"], rate["unit"], rate["plural"]
        if count == "1" and plural:
            return [f"must be rate(1 {unit}): one, so singular"]
        if count != "1" and not plural:
            return [f"must be rate({count} {unit}s): several, so plural"]
        return []
    if cron := _CRON.fullmatch(expression):
        return _cron_faults(cron["fields"].split())
    return ["must be rate(1 day), rate(12 hours), cron(0 3 * * ? *) or alike"]


def longest_pause(expression: str) -> timedelta | None:
    """Give the time between two runs of a rate; None where only AWS could tell."""
    if rate := _RATE.fullmatch(expression):
        return timedelta(**{f"{rate['unit']}s": int(rate["count"])})
    return None


def _cron_faults(fields: list[str]) -> list[str]:
    if len(fields) != len(_FIELDS):
        names = ", ".join(name for name, _ in _FIELDS)
        return [f"has {len(fields)} cron fields, must have six: {names}"]
    faults = [
        f"has {text} as its {name}, which cron() does not know"
        for text, (name, allowed) in zip(fields, _FIELDS, strict=True)
        if not allowed.fullmatch(text)
    ]
    if (fields[2] == "?") == (fields[4] == "?"):
        faults.append("must have ? as its day of month or as its day of week, and not as both")
    return faults

"""S3's storage classes for dumps: which there are, and what each asks for.

Source: "Understanding and managing Amazon S3 storage classes" of AWS's guide.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from snapper.values.cost import MONTH
from snapper.values.option import Choice
from snapper.values.rules import Retention, Rules
from snapper.values.schedule import Schedule

STANDARD = "STANDARD"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Terms:
    """For how many days AWS takes money at least, for how many bytes, and what else to know."""

    days: int = 0
    least: int = 0
    besides: str = ""


_SMALLEST = 128 * 1024

CLASSES: Mapping[str, Terms] = {
    STANDARD: Terms(),
    "STANDARD_IA": Terms(30, _SMALLEST),
    "ONEZONE_IA": Terms(30, _SMALLEST, "what lies in its one availability zone is lost with it"),
    "INTELLIGENT_TIERING": Terms(),
    "GLACIER_IR": Terms(90, _SMALLEST),
}

THAWED = ("GLACIER", "DEEP_ARCHIVE")
"""What lies there has to be restored by a request first, which takes hours."""


class StorageClass(Choice):
    """One from which any object can be read at once."""

    def __init__(self) -> None:
        super().__init__(*CLASSES)

    def read(self, value: object) -> str:
        """Read one of the words; of the others it is said why not."""
        if value in THAWED:
            raise ValueError(
                f"is {value}, whose objects have to be thawed for hours before anything can be "
                f"restored, verified or proven: the cheapest that needs none is {self.choices[-1]}"
            )
        return super().read(value)


def doubts(
    key: str,
    kind: str,
    keep: Retention,
    schedule: Schedule,
    kept: timedelta,
    locked: timedelta,
) -> Iterator[str]:
    """Tell where a class does not fit how long the backups of a database stay.

    A deleted one is kept for some time, and each is locked for some time after it was made.
    """
    terms = CLASSES.get(kind, Terms())
    if terms == Terms():
        return
    runs = schedule.runs_a_month()
    pause = MONTH / runs if runs else MONTH
    if terms.besides:
        yield f"{key}: storageClass is {kind}, and {terms.besides}"
    stays = max(shortest_stay(keep, pause) + kept, locked)
    if stays < timedelta(days=terms.days):
        yield (
            f"{key}: storageClass is {kind}, for which AWS takes {terms.days} days at least, and "
            f"some of its backups stay for {stays / DAY:.3g}, deleted ones counted in: each is "
            f"paid for {terms.days} days, and for {terms.least // 1024} KB if it is smaller"
        )


def shortest_stay(keep: Retention, pause: timedelta) -> timedelta:
    """Give how long the backup that goes first is listed, where one is made after each pause.

    >>> shortest_stay(7, DAY).days, shortest_stay(Rules(last=3, daily=14), DAY).days
    (7, 14)
    >>> shortest_stay(Rules(hourly=24, daily=14), timedelta(minutes=30)).days
    0
    """
    if not isinstance(keep, Rules):
        return keep * pause
    spans = [keep.last * pause]
    for count, slot in (
        (keep.hourly, DAY / 24),
        (keep.daily, DAY),
        (keep.weekly, 7 * DAY),
        (keep.monthly, 31 * DAY),
        (keep.yearly, 366 * DAY),
    ):
        # One of several within a slot goes as soon as the next is there.
        spans.append(count * pause if pause >= slot else timedelta())
    if keep.within:
        days = 365 * keep.within.years + 30 * keep.within.months + keep.within.days
        spans.append(timedelta(days=days, hours=keep.within.hours))
    return max(spans)

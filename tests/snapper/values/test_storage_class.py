"""A storage class is one that needs no thawing, and what it costs by its minima is told."""

from datetime import timedelta

import pytest

from snapper.values.options import Options, OptionsInvalid
from snapper.values.rules import Retention, read_retention
from snapper.values.schedule import parse_schedule
from snapper.values.storage_class import CLASSES, DAY, THAWED, doubts, shortest_stay

DAILY = parse_schedule("rate(1 day)")
WEEK, NOTHING = timedelta(days=7), timedelta()


def told(kind: str, keep: Retention, locked: timedelta = NOTHING) -> list[str]:
    return list(doubts("orders", kind, keep, DAILY, WEEK, locked))


@pytest.mark.parametrize("kind", CLASSES)
def test_what_can_be_read_at_once_is_taken(kind: str) -> None:
    assert Options.read({"storageClass": kind}).storage_class == kind


@pytest.mark.parametrize("kind", THAWED)
def test_what_needs_thawing_is_refused_with_the_reason(kind: str) -> None:
    with pytest.raises(OptionsInvalid) as refused:
        Options.read({"storageClass": kind})
    (fault,) = refused.value.faults
    assert fault.startswith(f"storageClass is {kind}, whose objects have to be thawed for hours")
    assert fault.endswith("the cheapest that needs none is GLACIER_IR")


def test_another_word_is_refused() -> None:
    with pytest.raises(OptionsInvalid, match="must be STANDARD or STANDARD_IA or"):
        Options.read({"storageClass": "glacier"})


def test_backups_that_go_before_the_days_that_are_paid_for_are_told_of() -> None:
    assert told("GLACIER_IR", 7) == [
        "orders: storageClass is GLACIER_IR, for which AWS takes 90 days at least, and some of its "
        "backups stay for 14, deleted ones counted in: each is paid for 90 days, and for 128 KB if "
        "it is smaller"
    ]
    assert told("STANDARD_IA", 22)
    assert not told("STANDARD_IA", 23)
    assert not told("STANDARD_IA", 1, locked=timedelta(days=30))


def test_what_asks_for_no_days_is_not_told_of() -> None:
    for kind in ("", "STANDARD", "INTELLIGENT_TIERING"):
        assert not told(kind, 1)


def test_that_one_zone_is_one_zone_is_told() -> None:
    (fault,) = told("ONEZONE_IA", 60)
    assert fault.endswith("what lies in its one availability zone is lost with it")


@pytest.mark.parametrize(
    ("keep", "pause", "days"),
    [
        ("7", DAY, 7),
        ("last=7 daily=3", DAY, 7),
        ("daily=14", DAY, 14),
        ("daily=14", DAY / 2, 0),  # the first of two in a day goes when the second is there
        ("last=4 daily=14", DAY / 2, 2),
        ("within=1m10d", DAY, 40),
        ("weekly=8", 7 * DAY, 56),
    ],
)
def test_the_backup_that_goes_first_decides(keep: str, pause: timedelta, days: int) -> None:
    assert shortest_stay(read_retention(keep), pause) == timedelta(days=days)

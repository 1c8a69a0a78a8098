"""The lock of a bucket is read with all its faults at once, and travels as a text."""

import pytest

from snapper.values.object_lock import LONGEST, ObjectLock, read_lock
from snapper.values.stage_checks import lock_faults
from tests.support.few import few

GIVEN = {"mode": "governance", "days": 30}


def wrong(given: object) -> list[str]:
    faults: list[str] = []
    assert read_lock(given, faults) is None
    return faults


def test_a_whole_one_is_read_and_none_is_none() -> None:
    faults: list[str] = []
    assert read_lock(GIVEN, faults) == ObjectLock("governance", 30)
    assert read_lock({"mode": "compliance", "days": LONGEST}, faults)
    assert read_lock(None, faults) is None
    assert faults == []


def test_all_faults_are_told_at_once() -> None:
    assert wrong({"mode": "strict", "days": 0, "dyas": 3}) == [
        "objectLock.dyas is no part of the setting: did you mean days?",
        "objectLock.mode is strict, must be governance or compliance",
        f"objectLock.days is 0, must be a whole number from 1 to {LONGEST}",
    ]
    assert len(wrong({})) == 2


@pytest.mark.parametrize("given", ["governance", 30, [], [GIVEN], True])
def test_what_has_no_parts_is_none(given: object) -> None:
    assert wrong(given) == [
        "objectLock must hold a mode and days, like {mode: governance, days: 30}"
    ]


@pytest.mark.parametrize("days", few([LONGEST + 1, -1, 1.5, "30", True, None, [30]], 4))
def test_days_are_a_whole_number_that_s3_takes(days: object) -> None:
    (fault,) = wrong({**GIVEN, "days": days})
    assert fault.startswith("objectLock.days ")


def test_it_travels_as_a_text() -> None:
    lock = ObjectLock("compliance", 365)
    assert ObjectLock.from_text(lock.to_text()) == lock


@pytest.mark.parametrize(
    "text", ["", "governance", "governance 0", "strict 3", "governance 99999", "governance ٣"]
)
def test_another_text_is_none(text: str) -> None:
    assert ObjectLock.from_text(text) is None


def test_what_is_locked_cannot_be_deleted_with_the_stage() -> None:
    lock = ObjectLock("governance", 30)
    (fault,) = lock_faults(lock, delete_backups_on_destroy=True)
    assert "for 30 days (governance) after it was made" in fault
    assert not list(lock_faults(lock, delete_backups_on_destroy=False))
    assert not list(lock_faults(None, delete_backups_on_destroy=True))

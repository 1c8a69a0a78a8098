"""Failures for one backup are one incident, which that backup or a later one mends."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from snapper.values.health import Failure
from snapper.values.incident import Incident, Mend, incidents
from tests.support.databases import AT

HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    return AT + hours * HOUR


def test_the_attempts_for_one_backup_are_one_incident() -> None:
    tries = [Failure(AT, at(hour), f"reason {hour}") for hour in (0, 1, 2)]
    assert incidents(tries, []) == (Incident(AT, at(0), at(2), 3, "reason 2", None),)


def test_the_backup_itself_mends_it_or_else_the_first_later_one() -> None:
    failed = [Failure(AT, at(0.1), "no")]
    later, itself = Mend(at(24), at(24.5)), Mend(AT, at(1))
    assert incidents(failed, [later, itself])[0].mended_at == at(1)
    assert incidents(failed, [later])[0].mended_at == at(24.5)


def test_an_earlier_backup_mends_nothing_however_late_it_is_there() -> None:
    failed = [Failure(AT, at(0.1), "no")]
    assert incidents(failed, [Mend(at(-1), at(2))])[0].mended_at is None


def test_what_was_there_before_the_failure_does_not_mend_it() -> None:
    failed = [Failure(AT, at(5), "it could not be restored")]
    assert incidents(failed, [Mend(AT, at(4))])[0].mended_at is None


def test_a_job_of_a_far_time_is_mended_by_a_backup_of_its_own_day() -> None:
    failed = [Failure(at(9999), at(1), "no")]
    assert incidents(failed, [Mend(at(2), at(3))])[0].mended_at == at(3)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=12))
def test_no_failure_is_lost_and_the_oldest_is_first(found: list[tuple[int, int]]) -> None:
    failures = [Failure(at(due), at(due + late), "no") for due, late in found]
    told = incidents(failures, [])
    assert sum(each.attempts for each in told) == len(failures)
    assert len(told) == len({due for due, _ in found})
    assert list(told) == sorted(told, key=lambda each: each.first_at)
    assert all(each.first_at <= each.last_at for each in told)

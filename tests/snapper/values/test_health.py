"""Whether a database stands well: late, shrunk, failing, damaged, or without any backup."""

from datetime import timedelta

import pytest

from snapper.values.health import LATE, Failure, Health, Made, judge
from tests.support.manifests import NOON

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def made(*sizes: int, age: timedelta = timedelta(hours=1)) -> list[Made]:
    """Daily backups of these sizes, newest first."""
    return [Made(NOON - age - number * DAY, size) for number, size in enumerate(sizes)]


def judged(
    backups: list[Made], *, damaged: int = 0, failure: Failure | None = None, dead: int = 0
) -> Health:
    return judge(backups, damaged, failure, LATE * DAY, NOON, dead)


def test_a_fresh_backup_of_the_usual_size_is_healthy() -> None:
    health = judged(made(100, 100, 100))
    assert health.problems == ()
    assert health.newest == made(100)[0]
    assert health.usual_bytes == 100


def test_without_a_backup_there_is_that_one_problem() -> None:
    assert judged([]).problems == ("no backup",)


@pytest.mark.parametrize(("over", "problems"), [(0 * SECOND, ()), (SECOND, ("late",))])
def test_a_database_is_late_after_one_and_a_half_periods(
    over: timedelta, problems: tuple[str, ...]
) -> None:
    assert judged(made(100, age=1.5 * DAY + over)).problems == problems


@pytest.mark.parametrize(("size", "problems"), [(50, ()), (49, ("shrunk",))])
def test_a_backup_below_half_of_the_usual_size_is_shrunk(
    size: int, problems: tuple[str, ...]
) -> None:
    assert judged(made(size, 100, 100)).problems == problems


def test_the_usual_size_is_the_median_of_the_five_before() -> None:
    health = judged(made(100, 10_000, 100, 110, 90, 120, 1, 1, 1, 1))
    assert health.usual_bytes == 110
    assert health.problems == ()


def test_the_first_backup_has_nothing_to_be_measured_by() -> None:
    health = judged(made(1))
    assert health.usual_bytes is None
    assert health.problems == ()


def test_a_failure_counts_until_a_later_backup_is_made() -> None:
    due = made(100)[0].taken_at
    since = Failure(due + SECOND, NOON, "no route")
    before = Failure(due - DAY, NOON, "no route")
    assert judged(made(100), failure=since).problems == ("failing",)
    assert judged(made(100), failure=since).failure == since
    assert judged(made(100), failure=before).problems == ()
    assert judged(made(100), failure=before).failure is None


def test_a_second_attempt_that_succeeded_makes_the_first_one_good() -> None:
    first_attempt = Failure(made(100)[0].taken_at, NOON, "no route")
    assert judged(made(100), failure=first_attempt).problems == ()


def test_who_has_no_backup_and_a_failure_has_both() -> None:
    assert judged([], failure=Failure(NOON, NOON, "no route")).problems == ("no backup", "failing")


def test_a_dead_letter_counts_until_it_is_gone_whatever_was_made_since() -> None:
    assert judged(made(100), dead=1).problems == ("failed",)


def test_damage_is_told() -> None:
    assert judged(made(100), damaged=1).problems == ("damaged",)


def test_a_failed_trial_is_told() -> None:
    assert judge(made(100), 0, None, DAY, NOON, unrestorable=True).problems == ("unrestorable",)


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = judged(made(1, 100, age=3 * DAY), damaged=2, failure=Failure(NOON, NOON, "no route"))
    assert wrong.problems == ("late", "shrunk", "failing", "damaged")


def test_a_database_of_which_nothing_was_restored_for_too_long_is_unproven() -> None:
    found = judge(made(100), 0, None, LATE * DAY, NOON, unproven=True)
    assert found.problems == ("unproven",)

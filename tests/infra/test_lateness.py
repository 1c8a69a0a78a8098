"""How long an alarm waits: what a database's option says, or its schedule, or the stage."""

from typing import Any

import pytest

from infra.lateness import HOUR, unwatched, watched_for
from snapper.values.options import Options
from snapper.values.secrets import Database

DAILY, WEEKLY = "rate(1 day)", "rate(7 days)"


def orders(**options: Any) -> Database:
    return Database("orders", "host=h", 7, options=Options(**options))


@pytest.mark.parametrize(
    ("options", "late_after_hours", "hours"),
    [
        ({}, 0, 36),
        ({}, 48, 48),
        ({}, -1, 0),
        ({"schedule": "rate(1 hour)"}, 0, 2),
        ({"schedule": "rate(1 hour)"}, 48, 2),
        ({"schedule": "rate(1 hour)"}, -1, 0),
        ({"schedule": WEEKLY}, 48, 0),
        ({"max_age_hours": 30}, 0, 30),
        ({"max_age_hours": 30}, -1, 30),
        ({"schedule": "rate(1 hour)", "max_age_hours": 6}, 48, 6),
    ],
)
def test_the_closest_word_counts(
    options: dict[str, Any], late_after_hours: int, hours: int
) -> None:
    assert watched_for(orders(**options), DAILY, late_after_hours) == hours * HOUR


def test_those_that_no_alarm_can_watch_are_told_by_their_schedule() -> None:
    weekly, daily = orders(schedule=WEEKLY), orders()
    assert unwatched([weekly, daily], DAILY, 0) == {WEEKLY: ["orders"]}
    assert unwatched([weekly, daily], DAILY, -1) == {}

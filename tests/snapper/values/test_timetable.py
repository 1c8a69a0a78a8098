"""A rule brings jobs to the databases of its schedule, and lateness follows the schedule."""

from datetime import timedelta

import pytest

from snapper.values.options import Options
from snapper.values.schedule import Rate
from snapper.values.timetable import Punctuality, are_of_drills, due, mark_of, rules_of

RULE = "arn:aws:events:eu-central-1:123456789012:rule/snapper-prod-schedule"
HOURLY = Options(schedule="rate(1 hour)")
OPTIONS = {"orders": HOURLY, "people": Options(), "events": Options(schedule="rate(1 day)")}
DAILY = Rate(timedelta(days=1))


def test_each_rule_is_for_the_databases_of_its_schedule() -> None:
    assert due(OPTIONS, [RULE]) == ["people"]
    assert due(OPTIONS, [f"{RULE}_{mark_of('rate(1 hour)')}"]) == ["orders"]
    assert due(OPTIONS, [f"{RULE}_{mark_of('rate(1 day)')}"]) == ["events"]


def test_a_rule_that_an_earlier_deployment_had_is_for_nobody() -> None:
    assert due(OPTIONS, [f"{RULE}_0badcafe"]) == []


def test_the_rule_of_the_drills_backs_up_nothing() -> None:
    drills = RULE.replace("schedule", "drills")
    assert due(OPTIONS, [drills]) == []
    assert due(OPTIONS, [drills, RULE]) == ["people"]
    assert are_of_drills(rules_of({"resources": [drills]}))
    assert not are_of_drills([RULE, RULE.replace("prod", "drills")])


@pytest.mark.parametrize(
    "event", [{}, {"resources": None}, {"resources": "x"}, {"resources": [5]}, {"resources": ["x"]}]
)
def test_an_event_that_names_no_rule_is_for_every_database(event: dict[str, object]) -> None:
    assert due(OPTIONS, rules_of(event)) == ["events", "orders", "people"]


def test_a_backup_is_late_by_its_own_schedule_unless_its_age_is_said() -> None:
    daily = Punctuality(DAILY)
    assert daily.late_after(Options()) == timedelta(hours=36)
    assert daily.late_after(HOURLY) == timedelta(minutes=90)
    aged = Options(schedule="rate(1 hour)", max_age_hours=6)
    assert daily.late_after(aged) == timedelta(hours=6)


@pytest.mark.parametrize(
    ("options", "hours"),
    [
        (Options(), 48),
        (Options(schedule="rate(1 hour)"), 1.5),
        (Options(schedule="rate(7 days)"), 252),
        (Options(max_age_hours=30), 30),
    ],
)
def test_what_the_stage_says_is_for_those_with_its_own_schedule_and_no_other_word(
    options: Options, hours: float
) -> None:
    assert Punctuality(DAILY, 48).late_after(options) == timedelta(hours=hours)


def test_who_wants_no_alarm_has_one_only_for_a_database_that_says_its_age() -> None:
    never = Punctuality(DAILY, -1)
    assert never.late_after(Options()) == timedelta(hours=36)
    assert not never.is_watched(Options())
    assert never.is_watched(Options(max_age_hours=6))
    assert Punctuality(DAILY, 0).is_watched(Options())

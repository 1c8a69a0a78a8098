"""When a drill is due, and when a database has been unproven for too long."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.values.options import UNSET, Options
from snapper.values.proving import (
    DAILY,
    EVERY_BACKUP,
    FREQUENCIES,
    MONTHLY,
    OFF,
    WEEKLY,
    Proving,
    is_due,
    read_days,
)

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG_AGO = NOW - timedelta(days=400)
REGULAR = [EVERY_BACKUP, DAILY, WEEKLY, MONTHLY]


def drilled(frequency: str, key: str, hours: int, made_at: datetime = LONG_AGO) -> list[datetime]:
    """Give when a database is drilled that is tried whenever that is due."""
    found: list[datetime] = []
    for hour in range(hours):
        now, tried_at = NOW + hour * HOUR, found[-1] if found else None
        if is_due(Proving(frequency), key, made_at, tried_at, now):
            found.append(now)
    return found


@pytest.mark.long
@given(st.sampled_from(REGULAR), st.text(max_size=20))
def test_a_database_is_drilled_at_its_own_hour_once_in_each_span(frequency: str, key: str) -> None:
    span = FREQUENCIES[frequency]
    found = drilled(frequency, key, 24 * 100)
    assert found[0] - NOW < DAY, "what was never tried is tried within a day"
    pauses = {later - earlier for earlier, later in pairwise(found[1:])}
    assert pauses == {span}


def test_drills_of_many_databases_are_spread_over_all_hours() -> None:
    hours = [drilled(WEEKLY, f"db{number}", 24 * 7)[-1] for number in range(300)]
    assert len(set(hours)) > 100
    assert max(hours.count(hour) for hour in hours) < 10


@given(st.sampled_from(REGULAR), st.text(max_size=20))
def test_what_should_have_been_tried_and_was_not_is_due_a_day_later(freq: str, key: str) -> None:
    due = [
        now
        for hour in range(24 * 7)
        if is_due(Proving(freq), key, LONG_AGO, LONG_AGO, now := NOW + hour * HOUR)
    ]
    assert len(due) == 7
    assert all(later - earlier == DAY for earlier, later in pairwise(due))


def test_every_backup_is_drilled_within_the_hour_in_which_it_was_made() -> None:
    for minutes in (0, 1, 59):
        made_at = NOW - timedelta(minutes=minutes)
        assert is_due(Proving(EVERY_BACKUP), "orders", made_at, LONG_AGO, NOW)
        assert not is_due(Proving(EVERY_BACKUP), "orders", made_at, NOW, NOW + HOUR)


def test_a_database_without_drills_is_never_due() -> None:
    assert drilled(OFF, "orders", 24 * 40) == []


@pytest.mark.parametrize(
    ("stage", "options", "days"),
    [
        (Proving(), UNSET, 10),
        (Proving(MONTHLY), UNSET, 40),
        (Proving(OFF), UNSET, None),
        (Proving(OFF, 5), UNSET, None),
        (Proving(DAILY, 3), UNSET, 3),
        (Proving(DAILY, 0), UNSET, None),
        (Proving(DAILY, 3), Options(proven_within_days=0), None),
        (Proving(DAILY, 3), Options(proven_within_days=7), 7),
        (Proving(), Options(drill=OFF), None),
        (Proving(within_days=5), Options(drill=OFF), None),
        (Proving(OFF), Options(proven_within_days=90), 90),
        (Proving(OFF), Options(drill=MONTHLY), 40),
    ],
)
def test_how_long_a_database_may_be_unproven_is_its_own_or_follows(
    stage: Proving, options: Options, days: int | None
) -> None:
    own = stage.of(options)
    assert own.within == (None if days is None else timedelta(days=days))
    if days is not None:
        assert not own.is_unproven(NOW - days * DAY, NOW)
        assert own.is_unproven(NOW - days * DAY - timedelta(seconds=1), NOW)
    else:
        assert not own.is_unproven(LONG_AGO, NOW)


def test_what_says_nothing_of_days_is_not_set() -> None:
    assert [read_days(text) for text in ("", "0", "12", "-1", "x")] == [None, 0, 12, None, None]

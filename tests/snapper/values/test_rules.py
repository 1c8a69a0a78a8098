"""What a row says is to be kept: restic's words, and nothing that is none of them."""

from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.values.rules import WORDS, Rules, Span, bucket, read_retention
from tests.support.strategies import rules

BERLIN = ZoneInfo("Europe/Berlin")


@given(rules, st.randoms(use_true_random=False))
def test_rules_are_read_as_they_are_written_in_any_order(found: Rules, chance: Random) -> None:
    words = str(found).split()
    chance.shuffle(words)
    assert read_retention("  ".join(words)) == found


@pytest.mark.parametrize("text", ["7", " 7 ", "007", "999999"])
def test_a_count_is_a_count(text: str) -> None:
    assert read_retention(text) == int(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("0", "must keep a whole number of backups from 1 to 999999, or have rules such as"),
        ("secret", "must keep a whole number of backups from 1 to 999999, or have rules such as"),
        ("1000000", "must keep a whole number of backups"),
        ("-1", "must keep a whole number of backups"),
        ("", "must keep a whole number of backups"),
        ("last=7 secret=3", "has a rule 2 that is none of last, hourly, daily, weekly, monthly,"),
        ("last=7 secret", "has a rule 2 that is none of"),
        ("last=7 last=8", "says last twice"),
        ("daily=0", "has daily, which must be a whole number from 1 to 999999"),
        ("daily=secret", "has daily, which must be a whole number from 1 to 999999"),
        ("daily=", "has daily, which must be a whole number from 1 to 999999"),
        ("daily = 3", "has daily, which must be a whole number from 1 to 999999"),
        ("within=30", "has within, which must be a time such as 30d, 12h or 1y5m7d2h"),
        ("within=0d", "has within, which must be a time such as 30d, 12h or 1y5m7d2h"),
        ("within=1d2d", "has within, which must be a time such as 30d, 12h or 1y5m7d2h"),
        ("within=1w", "has within, which must be a time such as 30d, 12h or 1y5m7d2h"),
        ("daily=٣", "has daily, which must be a whole number from 1 to 999999"),
    ],
)
def test_what_is_none_of_these_is_refused_and_not_repeated(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as refused:
        read_retention(text)
    assert "secret" not in str(refused.value)


def test_the_words_are_those_of_restic() -> None:
    assert WORDS == ("last", "hourly", "daily", "weekly", "monthly", "yearly", "within")


@pytest.mark.parametrize(
    ("span", "at", "before"),
    [
        ("30d", "2026-11-30T10:00+01:00", "2026-10-31T10:00+01:00"),
        # By the clock of the zone: a day may have 23 hours, or 25.
        ("1d", "2026-03-29T10:00+02:00", "2026-03-28T10:00+01:00"),
        ("24h", "2026-03-29T10:00+02:00", "2026-03-28T09:00+01:00"),
        ("1m", "2026-10-31T10:00+01:00", "2026-10-01T10:00+02:00"),
        ("1y5m7d2h", "2026-11-30T10:00+01:00", "2025-06-23T08:00+02:00"),
        ("2h", "2026-10-25T02:30+01:00", "2026-10-25T01:30+02:00"),
        ("999999y", "2026-11-30T10:00+01:00", "0001-01-01T00:00+00:00"),
    ],
)
def test_a_span_goes_back_by_the_calendar(span: str, at: str, before: str) -> None:
    found = Span.read(span).before(datetime.fromisoformat(at), BERLIN)
    assert found == datetime.fromisoformat(before)


def test_the_zone_says_where_a_day_ends() -> None:
    at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert bucket("yearly", at, UTC) == (2026,)
    assert bucket("yearly", at, BERLIN) == (2027,)
    assert bucket("weekly", at, BERLIN) == (2026, 53)


def test_an_hour_that_the_clock_shows_twice_is_two_hours() -> None:
    summer, winter = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert bucket("hourly", summer, BERLIN) != bucket("hourly", winter, BERLIN)
    assert bucket("daily", summer, BERLIN) == bucket("daily", winter, BERLIN)


@pytest.mark.parametrize("name", ["hourly", "daily", "weekly", "monthly", "yearly"])
@pytest.mark.parametrize("at", [datetime.min, datetime.max])
def test_a_forged_time_at_the_end_of_the_calendar_is_no_error(name: str, at: datetime) -> None:
    for zone in ("Europe/Berlin", "America/New_York"):
        assert bucket(name, at.replace(tzinfo=UTC), ZoneInfo(zone))

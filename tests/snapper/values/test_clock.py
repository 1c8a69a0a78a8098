"""Clocks of honest machines differ by minutes; what is further ahead was not made yet."""

from datetime import UTC, datetime, timedelta

import pytest

from snapper.values.clock import TOLERANCE, is_ahead
from tests.support.manifests import NOON

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("at", "ahead"),
    [
        (NOON, False),
        (NOON - timedelta(days=9), False),
        (NOON + TOLERANCE, False),
        (NOON + TOLERANCE + SECOND, True),
        (datetime(9998, 1, 1, tzinfo=UTC), True),
        (datetime(1971, 1, 1, tzinfo=UTC), False),
    ],
)
def test_a_time_is_ahead_when_no_honest_clock_shows_it(at: datetime, ahead: bool) -> None:
    assert is_ahead(at, NOON) is ahead

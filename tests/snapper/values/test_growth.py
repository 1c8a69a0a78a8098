"""How fast backups grow."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from snapper.values.growth import grown, growth

NOON = datetime(2026, 11, 23, 12)
DAY = timedelta(days=1)


def daily(*sizes: int) -> list[tuple[datetime, int]]:
    return [(NOON + n * DAY, size) for n, size in enumerate(sizes)]


@given(st.integers(0, 10**12), st.integers(0, 10**9), st.integers(3, 40))
def test_what_grows_evenly_is_known_exactly(first: int, by: int, count: int) -> None:
    assert growth(daily(*(first + n * by for n in range(count)))) == by


def test_one_odd_backup_does_not_move_it() -> None:
    assert growth(daily(100, 110, 120, 9, 140, 150, 160)) == 10


def test_too_few_backups_or_those_of_one_day_tell_nothing() -> None:
    assert growth(daily(1, 2)) is None
    assert growth([(NOON + timedelta(hours=n), n) for n in range(10)]) is None


def test_two_of_the_same_moment_are_no_slope() -> None:
    assert growth([*daily(10, 20, 30), (NOON, 99)]) is not None


def test_nothing_shrinks_below_nothing() -> None:
    assert grown(100, -1.0, timedelta(days=365)) == 0
    assert grown(100, None, timedelta(days=365)) == 100
    assert grown(100, 2.0, timedelta(days=10)) == 120

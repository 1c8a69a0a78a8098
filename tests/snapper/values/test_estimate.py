"""How long a dump will take: bounded by what earlier ones took, and never optimistic."""

from hypothesis import given
from hypothesis import strategies as st

from snapper.values.estimate import MARGIN, RATE, Took, expected_seconds, too_long

SIZES = st.integers(0, 10**15)
SECONDS = st.floats(0, 10**6)


@st.composite
def backups(draw: st.DrawFn) -> list[Took]:
    """Give earlier backups, each of which took at most no less than at least."""
    pairs = draw(st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=5))
    return [Took(min(pair), max(pair)) for pair in pairs]


@given(SIZES)
def test_without_earlier_backups_the_size_alone_decides(size: int) -> None:
    assert expected_seconds(size) == size / RATE


@given(SIZES, backups())
def test_no_less_is_expected_than_any_earlier_one_took_at_least(
    size: int, earlier: list[Took]
) -> None:
    assert expected_seconds(size, earlier) >= max(each.least for each in earlier)


@given(SIZES, backups())
def test_no_more_is_expected_than_the_slowest_earlier_one_took_at_most(
    size: int, earlier: list[Took]
) -> None:
    assert expected_seconds(size, earlier) <= max(each.most for each in earlier)


@given(SIZES, SIZES, backups())
def test_a_larger_database_is_never_expected_to_be_dumped_sooner(
    one: int, other: int, earlier: list[Took]
) -> None:
    small, large = sorted((one, other))
    assert expected_seconds(small, earlier) <= expected_seconds(large, earlier)
    assert expected_seconds(small) <= expected_seconds(large)


@given(SIZES, SECONDS, SECONDS)
def test_a_small_database_that_waited_long_for_its_turn_is_not_taken_for_a_slow_one(
    size: int, least: float, waited: float
) -> None:
    earlier = [Took(least, least + waited)]
    assert expected_seconds(size, earlier) <= max(size / RATE, least)


@given(SIZES, backups(), SECONDS)
def test_what_is_not_too_long_has_time_to_spare(
    size: int, earlier: list[Took], seconds: float
) -> None:
    expected = expected_seconds(size, earlier)
    assert bool(too_long(size, earlier, seconds)) == (MARGIN * expected > seconds)


def test_where_no_time_is_left_the_reason_tells_of_none_and_not_of_less() -> None:
    assert too_long(3_000_000, (), -4.0).endswith("and there are 0 s")

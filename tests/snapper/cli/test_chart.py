"""The chart shows every restore within its frame, whatever the figures are."""

import re
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.cli.chart import chart
from tests.support.databases import AT

UNTIL = AT + timedelta(days=90)


def points(picture: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'cx="([^"]+)" cy="([^"]+)"', picture)]


def day(number: float) -> datetime:
    return AT + timedelta(days=number)


def test_later_is_further_right_and_longer_is_higher() -> None:
    (one, other) = points(chart({"orders": [(day(1), 2.0), (day(50), 8.0)]}, AT, UNTIL))
    assert other[0] > one[0]
    assert other[1] < one[1]


@given(
    st.lists(st.tuples(st.floats(-5, 200), st.floats(0, 1e9, allow_subnormal=False)), max_size=20)
)
def test_every_restore_is_within_the_frame(found: list[tuple[float, float]]) -> None:
    picture = chart({"orders": [(day(at), seconds) for at, seconds in found]}, AT, UNTIL)
    assert len(points(picture)) == len(found)
    assert all(0 <= x <= 920 and 0 <= y <= 260 for x, y in points(picture))
    assert "nan" not in picture


@pytest.mark.parametrize("count", [1, 20])
def test_each_database_has_a_line_and_a_name_in_the_legend(count: int) -> None:
    series = {f"key-{number}": [(day(number), 1.0)] for number in range(count)}
    picture = chart(series, AT, UNTIL)
    assert picture.count("<polyline ") == count
    assert all(f">{name}</span>" in picture or f"</i>{name}" in picture for name in series)


def test_a_name_is_text() -> None:
    assert "<b>" not in chart({"<b>": [(day(1), 1.0)]}, AT, UNTIL)


def test_no_time_at_all_is_no_error() -> None:
    assert "<svg" in chart({}, AT, AT)


@pytest.mark.parametrize("seconds", [5e-324, 1e-310, 1.7e308])
def test_no_number_of_a_forged_verdict_is_an_error(seconds: float) -> None:
    assert "<svg" in chart({"orders": [(day(1), seconds)]}, AT, UNTIL)

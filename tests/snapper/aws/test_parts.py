"""Parts are large enough for S3's count of them, and few enough for our memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.aws.parts import MIB, MOST_PARTS, plan_parts

LARGEST_OBJECT = 5 * 10**12


@given(st.integers(0, LARGEST_OBJECT))
def test_a_dump_as_large_as_its_database_fits_with_some_to_spare(size: int) -> None:
    plan = plan_parts(size)
    assert plan.size * MOST_PARTS >= size * 1.1
    assert 5 * MIB <= plan.size <= 5 * 1024 * MIB
    assert plan.in_flight >= 1


@given(st.integers(0, LARGEST_OBJECT), st.integers(0, LARGEST_OBJECT))
def test_a_larger_database_never_gets_smaller_parts(one: int, other: int) -> None:
    smaller, larger = sorted((one, other))
    assert plan_parts(smaller).size <= plan_parts(larger).size


@pytest.mark.parametrize("size", [0, 1, 10**9, 75 * 10**9])
def test_up_to_75_gb_parts_under_way_and_the_one_that_is_read_stay_within_24_mib(size: int) -> None:
    plan = plan_parts(size)
    assert plan.size * (plan.in_flight + 1) <= 24 * MIB


def test_what_is_larger_than_any_object_gets_the_largest_part() -> None:
    assert plan_parts(10**18).size == 5 * 1024 * MIB

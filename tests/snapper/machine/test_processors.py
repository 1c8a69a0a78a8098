"""How many processors there are for us: a function's by its memory."""

import os

import pytest

from snapper.machine.processors import MOST, jobs_here, processors


def function(memory: int) -> dict[str, str]:
    return {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory)}


@pytest.mark.parametrize(
    ("memory", "whole"), [(512, 1), (1769, 1), (3537, 1), (3538, 2), (7076, 4), (10240, 5)]
)
def test_a_function_has_one_for_each_1769_mb(memory: int, whole: int) -> None:
    assert processors(function(memory)) == whole


def test_elsewhere_they_are_those_that_this_process_may_use() -> None:
    assert 1 <= processors({}) <= (os.cpu_count() or 1)


def test_nobody_gets_more_than_four_connections_at_once_unasked() -> None:
    assert jobs_here(None, 0, function(10240)) == MOST == 4
    assert jobs_here(8, 1, function(512)) == 8
    assert jobs_here(1, 0, function(10240)) == 1

"""What a container of a job is called, and how large it is."""

import re
from datetime import UTC, datetime

import pytest

from snapper.values.container import Size, container_name, size_for
from snapper.values.job import Job

AT = datetime(2026, 11, 23, 3, tzinfo=UTC)
MEMORY = {1: range(2, 9), 2: range(4, 17), 4: range(8, 31), 8: range(16, 61), 16: range(32, 121)}
"""GB that Fargate takes for so many vCPUs. Source: "Fargate task definition considerations"."""


@pytest.mark.parametrize("key", ["a", "eu.orders", "A_-.b", "x" * 64])
def test_every_key_has_a_name_that_batch_takes(key: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", container_name(Job(key, AT)))


def test_no_two_jobs_have_one_name_not_even_in_lower_case() -> None:
    keys = ["a.b", "a_b", "a-b", "A.b", "a.B"]
    names = {container_name(Job(key, AT)).lower() for key in keys}
    names |= {container_name(Job("a.b", AT.replace(second=1))).lower()}
    assert len(names) == len(keys) + 1


def test_every_size_is_one_that_fargate_has() -> None:
    sizes = {size_for(jobs) for jobs in range(20)}
    assert sizes == {Size(vcpus) for vcpus in MEMORY}
    for size in sizes:
        assert size.memory_mb % 1024 == 0
        assert size.memory_mb // 1024 in MEMORY[size.vcpus]

"""What a database costs, held against a calculation by hand."""

from datetime import timedelta

import pytest

from snapper.values.container import Size
from snapper.values.cost import Machine, Stored, Usage, cost_of
from snapper.values.prices import LIST_PRICES

GB = 1 << 30
MACHINE = Machine("x86_64", dumper_memory=2048, prover_memory=4096)


def test_a_dump_of_a_minute_each_night() -> None:
    usage = Usage(
        30,
        timedelta(seconds=60),
        10,
        Stored({"STANDARD": 100 * GB, "GLACIER_IR": 50 * GB}, {"STANDARD": 10 * GB}),
        drills=4,
        drill_took=timedelta(seconds=100),
    )
    cost = cost_of(usage, MACHINE, LIST_PRICES)
    assert cost.functions == pytest.approx(30 * 60 * 2 * 0.0000166667 + 64 * 0.2e-6)
    assert cost.fargate == 0
    assert cost.drills == pytest.approx(4 * 100 * 4 * 0.0000166667)
    # Ten parts, the two calls around them, manifest and list, three listings.
    assert cost.requests == pytest.approx(30 * 17 * 0.005 / 1000 + 34 * 5 * 0.4e-6)
    assert cost.storage == pytest.approx(100 * 0.023 + 50 * 0.004)
    assert cost.noncurrent == pytest.approx(0.23)
    # Four metrics have a value in thirty of the month's 730 hours.
    assert cost.metrics == pytest.approx(30 * 4 * 0.30 / 730)
    parts = (cost.functions, cost.drills, cost.requests, cost.storage, cost.noncurrent)
    assert cost.total == pytest.approx(sum(parts) + cost.metrics)


def test_what_takes_longer_than_a_function_may_is_fargates() -> None:
    usage = Usage(10, timedelta(hours=2), 1, Stored())
    cost = cost_of(usage, MACHINE, LIST_PRICES)
    assert cost.fargate == pytest.approx(10 * 2 * (2 * 0.04048 + 4 * 0.004445))
    assert cost.functions == pytest.approx(30 * 0.2e-6)


def test_so_is_what_a_container_dumps_by_its_options_however_soon() -> None:
    usage = Usage(10, timedelta(minutes=6), 1, Stored(), in_container=True)
    cost = cost_of(usage, MACHINE, LIST_PRICES)
    assert cost.fargate == pytest.approx(2 * 0.04048 + 4 * 0.004445)
    assert cost.functions == pytest.approx(30 * 0.2e-6)


def test_a_container_costs_by_its_size() -> None:
    usage = Usage(10, timedelta(hours=2), 1, Stored(), size=Size(8))
    cost = cost_of(usage, MACHINE, LIST_PRICES)
    assert cost.fargate == pytest.approx(10 * 2 * (8 * 0.04048 + 16 * 0.004445))


@pytest.mark.parametrize(
    ("took", "handed_over"), [(timedelta(hours=1), False), (timedelta(minutes=10), True)]
)
def test_a_drill_that_does_not_fit_the_prover_is_fargates(
    took: timedelta, handed_over: bool
) -> None:
    usage = Usage(
        30,
        timedelta(minutes=1),
        1,
        Stored(),
        drills=4,
        drill_took=took,
        drilled_in_container=handed_over,
        drill_size=Size(4),
    )
    cost = cost_of(usage, MACHINE, LIST_PRICES)
    hours = 4 * took / timedelta(hours=1)
    assert cost.drills == pytest.approx(hours * (4 * 0.04048 + 8 * 0.004445))
    assert cost.fargate == 0


def test_arm_is_cheaper() -> None:
    usage = Usage(30, timedelta(seconds=60), 1, Stored())
    machines = Machine("arm64"), Machine("x86_64")
    arm, x86 = (cost_of(usage, each, LIST_PRICES).functions for each in machines)
    assert arm == pytest.approx(0.8 * x86, rel=1e-3)


def test_metrics_are_counted_by_the_hour_however_often_they_are_sent() -> None:
    often = Usage(30 * 24 * 12, timedelta(seconds=1), 1, Stored())
    assert cost_of(often, MACHINE, LIST_PRICES).metrics == pytest.approx(4 * 0.30)


def test_a_database_without_a_backup_costs_nothing_but_its_calls() -> None:
    cost = cost_of(Usage(0, timedelta(), 0, Stored()), MACHINE, LIST_PRICES)
    assert cost.total == 0

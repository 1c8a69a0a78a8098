"""A drill dies, or runs out of time, disk or memory: no verdict is false, and nothing is left."""

from collections.abc import Callable

import pytest

from local.emulator.cloud import Cloud
from snapper.engines.postgresql.trying.cluster import DATA
from snapper.machine.run_directory import TRIAL
from tests.reliability.test_drill_aws_calls import CALLS, is_proof
from tests.reliability.test_process_dies import deaths_at, seeded
from tests.support.cloud import eventually
from tests.support.databases import Source
from tests.support.fault_deaths import at_work, drill_apart
from tests.support.fault_drills import Drills
from tests.support.faults import faulted

SMALL = "CREATE TABLE t AS SELECT n FROM generate_series(1, 1000) AS n"
SERVER_IS_UP = f"{TRIAL}/{DATA}/postmaster.pid"
FILES_ARE_MADE = f"{TRIAL}/{DATA}/PG_VERSION"


@pytest.fixture
def drills(cloud: Cloud, source: Callable[..., Source]) -> Drills:
    return Drills.make(cloud, source(17, SMALL))


@pytest.mark.long
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "with all"])
def test_killed_while_its_server_runs(alone: bool, drills: Drills) -> None:
    with faulted("drills: killed"):
        assert drill_apart(drills, kill_at=SERVER_IS_UP, alone=alone).killed
        survive(drills)


@pytest.mark.long
def test_killed_at_every_call_to_aws(drills: Drills) -> None:
    for fault in deaths_at(*CALLS):
        with faulted("drills: killed at a call to AWS"):
            drills.furnish()
            assert drill_apart(drills, [fault]).killed, fault
            survive(drills)


@pytest.mark.long
def test_killed_at_random_moments(drills: Drills) -> None:
    moments, kills = seeded(), 40
    whole = max(drill_apart(drills).seconds for _ in range(3))
    while kills:
        drills.furnish()
        if drill_apart(drills, kill_after=moments.uniform(0, whole), alone=bool(kills % 2)).killed:
            kills -= 1
            with faulted("drills: killed"):
                survive(drills)


def survive(drills: Drills) -> None:
    """What is recorded is true; nobody is left, and no file from the next drill on."""
    eventually(lambda: not at_work(drills.temporary), what="a process is left")
    assert all(is_proof(verdict) for verdict in drills.verdicts())
    assert drills.taken_letters() == []
    assert drills.drill().acknowledged
    # Where it died alone, its watchdog clears up too.
    eventually(lambda: not list(drills.temporary.glob(f"*/{TRIAL}")), what="a copy is left")
    verdicts = drills.check()
    assert len(verdicts) == 2
    assert all(is_proof(verdict) for verdict in verdicts)

"""Every call to AWS of a drill fails, in every way: no verdict is false, and the drill comes back.

Here no server restores anything: it is AWS that fails.
"""

from collections.abc import Callable, Sequence

import pytest

from local.emulator.cloud import Cloud
from snapper.values.verification import Verification
from tests.reliability.test_aws_calls import again, healed, often, once
from tests.support.databases import Source
from tests.support.fault_calls import Fault
from tests.support.fault_drills import Drilled, Drills, believing, told
from tests.support.faults import faulted
from tests.support.restores import damage, flip

SMALL = "CREATE TABLE t AS SELECT 1 AS n"
CALLS = (
    "sqs:ChangeMessageVisibility 1",
    "ssm:GetParametersByPath 1",  # the databases and their options
    "ssm:GetParametersByPath 2",  # and whether any was added as data
    "s3:ListObjectsV2 1",
    "s3:GetObject 1",  # the manifest, for an earlier verdict
    "s3:GetObject 2",  # and as what is to be judged
    "s3:GetObject 3",  # the dump, to be read
    "s3:GetObject 4",  # what it must hold
    "s3:GetObject 5",  # and the dump, to be restored
    "s3:PutObject 1",  # the verdict
    "s3:ListObjectsV2 2",  # what is known of the last trial
    "s3:PutObject 2",
)
OF_DAMAGE = (
    *CALLS[:7],
    "s3:PutObject 1",
    "sqs:SendMessageBatch 1",  # to the dead letters
)


@pytest.fixture
def drills(cloud: Cloud, source: Callable[..., Source]) -> Drills:
    return Drills.make(cloud, source(17, SMALL))


def test_the_plans_name_every_call_of_a_drill(drills: Drills) -> None:
    assert tuple(drills.drill(engine=believing).injection.calls) == CALLS
    drills.furnish()
    damage(drills.vault, drills.manifest, flip)
    assert tuple(drills.drill(engine=believing).injection.calls) == OF_DAMAGE


def test_any_call_of_a_drill_fails_once(drills: Drills) -> None:
    reads = [call for call in CALLS if call.startswith("s3:GetObject")]
    survive(drills, [*once(reads[-1:], ["truncated answer"]), *once(CALLS[-1:], ["403"])])
    survive_damage(drills, once(OF_DAMAGE[-1:], ["403"]))


@pytest.mark.long
def test_any_call_of_a_drill_fails_in_every_way(drills: Drills) -> None:
    survive(drills, once(CALLS) + again(CALLS))
    survive_damage(drills, once(OF_DAMAGE) + again(OF_DAMAGE))


def survive(drills: Drills, plan: Sequence[Fault]) -> None:
    """A good backup is proven, or nothing is said of it and the drill comes back."""
    for fault in plan:
        with faulted(f"drills: a call to AWS fails, {often(fault)}"):
            drills.furnish()
            drilled = drills.drill([fault], engine=believing)
            assert drilled.injection.hits[fault], f"{fault} was never met"
            for verdict in drills.check():
                assert verdict.sound, fault
                assert verdict.failed is None, fault
            tells_truth(drilled, fault, "drill.ended")
            assert drills.taken_letters() == []
            assert drills.drill(engine=believing).acknowledged
            assert all(is_proof(verdict) for verdict in drills.check())


def survive_damage(drills: Drills, plan: Sequence[Fault]) -> None:
    """A damaged one is never said to be sound, and given up with the reason before it is done."""
    for fault in plan:
        with faulted(f"drills: a call to AWS fails, {often(fault)}"):
            drills.furnish()
            damage(drills.vault, drills.manifest, flip)
            drilled = drills.drill([fault], engine=believing)
            assert drilled.injection.hits[fault], f"{fault} was never met"
            letters = drills.taken_letters()
            assert not any(verdict.sound for verdict in drills.verdicts()), fault
            tells_truth(drilled, fault, "drill.failed")
            assert letters or not drilled.acknowledged, fault
            letters += drills.taken_letters() if drills.drill(engine=believing) else []
            assert letters, fault
            assert all("sql.gz" in letter.reason for letter in letters), fault
            (verdict,) = drills.verdicts()
            assert not verdict.sound


def tells_truth(drilled: Drilled, fault: Fault, end: str) -> None:
    """A drill is done only if its end is told; else it comes back, and the call is named."""
    if healed(fault) or fault.call.startswith("sqs:ChangeMessageVisibility"):
        assert drilled.acknowledged, fault
    if drilled.acknowledged:
        assert drilled.names == ["drill.began", end], fault
        return
    assert drilled.injection.calls[-1].startswith("sqs:ChangeMessageVisibility"), "it comes soon"
    (reason,) = (one["reason"] for one in drilled.reported("drill.untried"))
    assert fault.call.split()[0].removesuffix("Batch") in reason, fault
    assert "p@ss" not in told(drilled), "a secret is told"


def is_proof(verdict: Verification) -> bool:
    return verdict.sound and verdict.restored is not None and verdict.failed is None

"""Every call to AWS fails, in every way a call can fail: nothing is lost and nothing is false."""

from collections.abc import Callable, Sequence

import pytest

from local.emulator.cloud import Cloud
from tests.support.databases import Source
from tests.support.dumps import LARGE
from tests.support.fault_calls import FOR_GOOD, KINDS, Fault, kinds_for
from tests.support.fault_dispatch import Schedule
from tests.support.fault_service import Delivery, Service
from tests.support.faults import faulted

SMALL = "CREATE TABLE t AS SELECT 1 AS n"

ONE_CALL = (  # of a database that fits into one part
    "ssm:GetParametersByPath 1",  # the table: where its connection is, and the count
    "ssm:GetParameter 1",  # the connection
    "s3:ListObjectsV2 1",
    "s3:PutObject 1",  # the dump
    "s3:PutObject 2",  # the list of its contents
    "s3:PutObject 3",  # the mark of a late one
    "s3:PutObject 4",  # its manifest
    "ssm:GetParametersByPath 2",  # and the pruner, which S3 calls for it: which databases there are
    "ssm:GetParametersByPath 3",  # and whether any was added as data
    "s3:ListObjectsV2 2",
    "s3:DeleteObject 1",
    "s3:DeleteObject 2",
)
PARTS = (  # what a database of several parts does instead of the first PutObject
    "s3:CreateMultipartUpload 1",
    "s3:UploadPart 1",
    "s3:UploadPart 2",
    "s3:CompleteMultipartUpload 1",
)
DISPATCH = (
    *(f"ssm:GetParametersByPath {n}" for n in (1, 2)),
    *(f"sqs:SendMessageBatch {n}" for n in (1, 2, 3)),
)
MANY = [f"database-{number:02}" for number in range(25)]

RETRIED = ("500", "503 slow down", "connection reset before", "no connection in time")
"""What boto3 itself tries again, when the fault comes before anything was done."""

LOST = ("connection reset after", "no answer in time", "truncated answer", "empty answer")
"""The cloud has done what was asked, but its answer does not arrive."""


def once(calls: Sequence[str], kinds: Sequence[str] | None = None) -> list[Fault]:
    return [
        Fault(call, kind) for call in calls for kind in kinds_for(call) if kind in (kinds or KINDS)
    ]


def again(calls: Sequence[str]) -> list[Fault]:
    """Twice in a row, and for good: each for every call and kind."""
    return [
        Fault(fault.call, fault.kind, times) for fault in once(calls) for times in (2, FOR_GOOD)
    ]


@pytest.fixture
def service(cloud: Cloud, source: Callable[..., Source]) -> Service:
    return Service.make(cloud, source(17, SMALL))


@pytest.fixture
def large_service(cloud: Cloud, source: Callable[..., Source]) -> Service:
    return Service.make(cloud, source(17, LARGE))


@pytest.mark.long
def test_the_plans_name_every_call_of_a_dump_and_prune(
    service: Service, large_service: Service
) -> None:
    service.furnish()
    assert tuple(service.deliver().injection.calls) == ONE_CALL
    large_service.furnish()
    named = {*ONE_CALL, *PARTS} - {"s3:PutObject 4"}
    assert set(large_service.deliver().injection.calls) == named


def test_any_call_fails_once(service: Service) -> None:
    """Some are refused, and others are done but not heard of; the rest where it matters most."""
    survive(service, once(ONE_CALL[::3], ("connection reset after",)))
    survive(service, once(ONE_CALL[1::3], ("403",)))
    survive(service, once(("s3:PutObject 1",), ("503 slow down", "bit flipped")))
    survive(service, once(("s3:ListObjectsV2 1",), ("truncated answer",)))


@pytest.mark.long
def test_any_call_of_an_upload_in_parts_fails_once(large_service: Service) -> None:
    survive(large_service, once(PARTS, ("connection reset after", "403")))


@pytest.mark.long
def test_any_call_fails_once_in_every_way(service: Service, large_service: Service) -> None:
    survive(service, once(ONE_CALL))
    survive(large_service, once(PARTS))


@pytest.mark.long
def test_any_call_fails_twice_in_a_row_or_for_good(
    service: Service, large_service: Service
) -> None:
    survive(service, again(ONE_CALL))
    survive(large_service, again(PARTS))


@pytest.mark.long
def test_a_failed_upload_whose_abort_fails_too(large_service: Service) -> None:
    """Where AWS cannot be reached for good, the lifecycle rule sweeps what stays open."""
    for kind in kinds_for("s3:AbortMultipartUpload 1"):
        for times in (1, FOR_GOOD):
            abort = Fault("s3:AbortMultipartUpload 1", kind, times)
            plan = [Fault("s3:UploadPart 2", "403"), abort]
            with faulted("aws calls: an upload and its abort"):
                older = large_service.furnish()
                delivery = large_service.deliver(plan)
                assert delivery.injection.hits[abort], abort
                assert not large_service.check(older)
                still_open = large_service.sweep()
                # Retried, or done although its answer was lost: only a refusal leaves it open.
                assert bool(still_open) == (kind not in LOST and not healed(abort)), abort
                tells_truth(delivery, plan[0], made=False)


def test_any_call_of_a_dispatch_fails_once(cloud: Cloud) -> None:
    survive_dispatch(cloud, "dispatched", once(DISPATCH, ("connection reset after", "403")))


@pytest.mark.long
def test_any_call_of_a_dispatch_fails_once_in_every_way(cloud: Cloud) -> None:
    survive_dispatch(cloud, "dispatched-at-last", once(DISPATCH))


@pytest.mark.long
def test_any_call_of_a_dispatch_fails_twice_in_a_row_or_for_good(cloud: Cloud) -> None:
    survive_dispatch(cloud, "dispatched-again", again(DISPATCH))


def healed(fault: Fault) -> bool:
    """Tell whether boto3's five attempts outlast the fault."""
    return fault.kind in RETRIED and fault.times < 5


def survive(service: Service, plan: list[Fault]) -> None:
    for fault in plan:
        with faulted(f"aws calls: a dump and prune, {often(fault)}"):
            older = service.furnish()
            delivery = service.deliver([fault])
            assert delivery.injection.hits[fault], f"{fault} was never met"
            made = service.check(older)
            still_open = service.sweep()
            # Who asks for an upload and does not hear its name, cannot abort it.
            nameless = "CreateMultipartUpload" in fault.call and fault.kind in LOST
            assert nameless or not still_open, fault
            if healed(fault):
                assert made, fault
                assert delivery.acknowledged, fault
            tells_truth(delivery, fault, made)


def tells_truth(delivery: Delivery, fault: Fault, made: bool) -> None:
    """The job is acknowledged only for a backup that is there; a failure names the call."""
    assert made or not delivery.acknowledged, fault
    failures = delivery.reported("dump.failed") + delivery.reported("prune.failed")
    assert bool(failures) != delivery.acknowledged, fault
    assert bool(delivery.reported("dump.ended")) <= made, fault
    for failure in failures:
        operation = fault.call.split()[0]
        uploads = {"s3:PutObject 1", *PARTS}
        named = "s3 upload of orders/" if fault.call in uploads else f"{operation} of "
        assert failure["reason"].startswith(named), failure
        assert "p@ss" not in str(failure), "a secret is told"


def survive_dispatch(cloud: Cloud, stage: str, plan: list[Fault]) -> None:
    schedule = Schedule.make(cloud, stage, MANY)
    for fault in plan:
        with faulted(f"aws calls: a dispatch, {often(fault)}"):
            fired = schedule.fire([fault])
            assert fired.injection.hits[fault], f"{fault} was never met"
            queued = {job.database for job in schedule.drain()}
            if fired.failure is None:
                assert queued == set(MANY), fault
                continue
            # The call is named, nothing is said to be queued, and Lambda repeats the event.
            assert fault.call.split()[0].removesuffix("Batch") in str(fired.failure)
            assert fired.reported.names() == []
            assert schedule.fire().failure is None
            assert {job.database for job in schedule.drain()} == set(MANY)


def often(fault: Fault) -> str:
    return {1: "once", 2: "twice in a row", FOR_GOOD: "for good"}[fault.times]

"""Any call to AWS of a container fails: a later attempt makes the backup, or it is said why."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.job import Work, do
from local.emulator.cloud import Cloud
from snapper.values.attempts import pause_after
from snapper.values.job import Job
from snapper.values.settings import DumperSettings
from tests.reliability.test_aws_calls import ONE_CALL, PARTS, SMALL, often, once
from tests.support.databases import AT, Source
from tests.support.dumps import LARGE
from tests.support.fault_calls import FOR_GOOD, Fault, Injection
from tests.support.fault_service import KEY, Service, as_function, log_of_function
from tests.support.faults import faulted

LONG = pytest.mark.long
CALLS = ONE_CALL[:7]
"""Those of a dump: the others are the pruner's."""


def run(service: Service, fault: Fault) -> tuple[int, list[dict[str, Any]]]:
    """Do the job as a container does, on a clock of its own: nobody waits between attempts."""
    passed = [timedelta()]

    def pause(attempt: int) -> timedelta:
        passed.append(pause_after(attempt))
        return timedelta()

    injection = Injection((fault,))
    with as_function(service.environment, injection), log_of_function() as log:
        work = Work.of(DumperSettings.from_env(os.environ))
        dumper = replace(work.dumper, now=lambda: datetime.now(UTC) + sum(passed, timedelta()))
        status = do(replace(work, dumper=dumper), Job(KEY, AT), pause)
    assert injection.hits[fault], f"{fault} was never met"
    return status, [each for each in log if each["message"] == "dump.failed"]


def survive(service: Service, plan: list[Fault]) -> None:
    for fault in plan:
        with faulted(f"aws calls: a job in a container, {often(fault)}"):
            older = service.furnish()
            status, failures = run(service, fault)
            assert service.check(older) == (status == 0), fault
            assert status == 0 or len(failures) > 1, fault
            assert "p@ss" not in str(failures), "a secret is told"
            if fault.times == 1:
                assert status == 0, fault


@pytest.fixture
def service(cloud: Cloud, source: Callable[..., Source]) -> Service:
    return Service.make(cloud, source(17, SMALL))


@pytest.mark.long
def test_any_call_fails_once(service: Service) -> None:
    survive(service, once(CALLS[::3], ("403",)))


@LONG
def test_any_call_fails_once_in_every_way(
    service: Service, cloud: Cloud, source: Callable[..., Source]
) -> None:
    survive(service, once(CALLS))
    survive(Service.make(cloud, source(17, LARGE)), once(PARTS, ("connection reset after", "403")))


@LONG
def test_a_call_fails_for_good(service: Service) -> None:
    survive(service, [Fault(each.call, each.kind, FOR_GOOD) for each in once(CALLS, ("403",))])

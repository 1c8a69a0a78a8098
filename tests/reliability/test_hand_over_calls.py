"""Any call to AWS that hands a job over fails, or the function dies there: one container, or none.

Batch itself takes two of one name. Its containers are submitted for real, and nobody works in them.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

import pytest

from local.emulator.batch_jobs import RUNNER
from local.emulator.cloud import Cloud
from local.loopback import LoopbackHandler, LoopbackServer
from snapper.aws import batch
from snapper.values.container import container_name
from snapper.values.job import Job
from snapper.values.options import BATCH, Options
from snapper.values.secrets import Database
from tests.reliability.test_aws_calls import again, healed, often, once
from tests.support.databases import AT, Source
from tests.support.fault_calls import Fault
from tests.support.fault_deaths import deliver_apart
from tests.support.fault_service import KEEP, KEY, Service
from tests.support.faults import faulted
from tests.support.parameters import store

LONG = pytest.mark.long
CALLS = (  # of a job that an option has go to a container
    "ssm:GetParametersByPath 1",
    "ssm:GetParameter 1",  # the connection
    "ssm:GetParameter 2",  # the options
    "s3:ListObjectsV2 1",
    "batch:ListJobs 1",
    "batch:SubmitJob 1",
)
_TIMES = (AT + timedelta(minutes=n) for n in itertools.count(1))


class Never(LoopbackHandler):
    """Who runs containers, and is not done with any."""

    def do_POST(self) -> None:  # noqa: N802 (http.server's way)
        self.body()
        threading.Event().wait(3600)
        self.answer(HTTPStatus.OK)


@dataclass(frozen=True)
class Handing(Service):
    """A stage whose only database is dumped in containers."""

    @property
    def environment(self) -> dict[str, str]:
        place = f"arn:aws:batch:{self.cloud.region}:{self.cloud.account}"
        return {
            **super().environment,
            "SNAPPER_BATCH_QUEUE": f"{place}:job-queue/{self.stage}",
            "SNAPPER_BATCH_DEFINITION": f"{place}:job-definition/{self.stage}",
        }

    def configure(self, runner: str) -> None:
        client = self.cloud.client("batch")
        client.create_job_queue(
            jobQueueName=self.stage, state="ENABLED", priority=1, computeEnvironmentOrder=[]
        )
        told = [{"name": RUNNER, "value": f"http://{runner}"}]
        client.register_job_definition(
            jobDefinitionName=self.stage,
            type="container",
            containerProperties={"command": [], "environment": told, "resourceRequirements": []},
        )
        options = Options(dump_in=BATCH)
        database = Database(KEY, self.source.dsn, KEEP, options=options)
        store(self.cloud.client("ssm"), self.root, [database])

    def containers(self, job: Job) -> int:
        """Count the containers of a job, whatever has become of them."""
        name = {"name": "JOB_NAME", "values": [container_name(job)]}
        listed = self.cloud.client("batch").list_jobs(jobQueue=self.stage, filters=[name])
        return len(listed["jobSummaryList"])

    def hands_over(self, job: Job) -> None:
        """Deliver a job again, and assert that one container has it, as often as it comes."""
        for _ in range(2):
            assert self.deliver([], job).acknowledged
            assert self.containers(job) == 1


@pytest.fixture
def handing(
    cloud: Cloud, source: Callable[..., Source], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Handing]:
    monkeypatch.setattr(batch, "_PAUSE_SECONDS", 0)
    with LoopbackServer(Never) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made = source(17, "CREATE TABLE t AS SELECT 1 AS n")
        service = Handing.make(cloud, made)
        assert isinstance(service, Handing)
        service.configure(server.address)
        yield service
        server.shutdown()


def survive(handing: Handing, plan: list[Fault]) -> None:
    for fault in plan:
        with faulted(f"aws calls: a hand-over, {often(fault)}"):
            job, older = Job(KEY, next(_TIMES)), handing.furnish()
            delivery = handing.deliver([fault], job)
            assert delivery.injection.hits[fault], f"{fault} was never met"
            assert handing.objects() == older
            assert handing.containers(job) <= 1, fault
            if delivery.acknowledged:
                assert handing.containers(job) == 1, fault
                assert [each["message"] for each in delivery.log] == ["dump.handed_over"]
            else:
                assert not healed(fault), fault
                (failure,) = delivery.reported("dump.failed")
                assert failure["reason"].startswith(f"{fault.call.split()[0]} "), failure
            handing.hands_over(job)


def test_the_plan_names_every_call_of_a_hand_over(handing: Handing) -> None:
    handing.furnish()
    delivery = handing.deliver([], Job(KEY, next(_TIMES)))
    assert tuple(delivery.injection.calls) == CALLS


@pytest.mark.long
def test_any_call_fails_once(handing: Handing) -> None:
    survive(handing, once(CALLS[-1:], ("connection reset after", "403")))


@LONG
def test_any_call_fails_once_in_every_way_or_again_or_for_good(handing: Handing) -> None:
    survive(handing, [*once(CALLS), *again(CALLS)])


@LONG
@pytest.mark.parametrize(
    ("death", "containers"),
    [
        (Fault("batch:ListJobs 1", "killed after"), 0),
        (Fault("batch:SubmitJob 1", "killed before"), 0),
        (Fault("batch:SubmitJob 1", "killed after"), 1),
    ],
    ids=str,
)
def test_the_function_is_killed_there(handing: Handing, death: Fault, containers: int) -> None:
    with faulted("process dies: killed at a call of a hand-over"):
        job, older = Job(KEY, AT), handing.furnish()
        assert deliver_apart(handing, [death]).killed
        assert handing.objects() == older
        assert handing.containers(job) == containers
        handing.hands_over(job)

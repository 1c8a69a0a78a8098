"""AWS Batch: containers for what takes longer than a function may."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Self

from botocore.config import Config

from snapper.aws import client as aws
from snapper.errors import AwsDenied, AwsFailed
from snapper.values.container import PAYLOAD, Size

_UNDER_WAY = frozenset({"SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING"})
_DONE = "SUCCEEDED"

# Whoever asks twice gets two containers: boto3 may not ask again by itself, if an answer is lost.
_ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
_TRIES = 3
_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class State:
    """How far a container has come, in Batch's own word, and why, if Batch says why."""

    status: str
    reason: str = ""
    exit_code: int | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether it waits or works; else it has ended."""
        return self.status in _UNDER_WAY

    @property
    def succeeded(self) -> bool:
        """Whether it has ended well."""
        return self.status == _DONE


@dataclass(frozen=True)
class Found:
    """A container by Batch's own id, when it was submitted, and how far it has come."""

    identifier: str
    submitted_at: datetime
    state: State


class Batch:
    """A queue of containers, all of one definition; raises AwsFailed.

    `once` gives a client that tries each call once.
    """

    def __init__(
        self,
        queue: str,
        definition: str,
        client: Any,  # noqa: ANN401  boto3 has no types
        once: Callable[[], Any] | None = None,
    ) -> None:
        self._queue, self._definition, self._client = queue, definition, client
        self._once = once or (lambda: client)

    @classmethod
    def connect(cls, queue: str, definition: str) -> Self:
        """Open the queue with the credentials and region of the environment."""
        return cls(queue, definition, aws.client("batch"), partial(aws.client, "batch", _ONCE))

    def submit(self, payload: str, name: str, size: Size) -> str:
        """Have the payload worked on in a container of this name; gives its id.

        Where one of the name waits or works already, that is the one: also where it was submitted
        here, and the answer was lost. Batch itself would take two, and two callers at the very same
        time may both find none: the work must bear being done twice.
        """
        failures = 0
        while True:
            if found := self.under_way(name):
                return found
            try:
                return self._submit(payload, name, size)
            except AwsDenied:
                raise
            except AwsFailed:
                failures += 1
                if failures == _TRIES:
                    if found := self.under_way(name):
                        return found
                    raise
                time.sleep(_PAUSE_SECONDS)

    def _submit(self, payload: str, name: str, size: Size) -> str:
        with aws.translated("batch:SubmitJob"):
            answer = self._once().submit_job(
                jobName=name,
                jobQueue=self._queue,
                jobDefinition=self._definition,
                containerOverrides={
                    "environment": [{"name": PAYLOAD, "value": payload}],
                    "resourceRequirements": [
                        {"type": "VCPU", "value": str(size.vcpus)},
                        {"type": "MEMORY", "value": str(size.memory_mb)},
                    ],
                },
            )
            return str(answer["jobId"])

    def under_way(self, name: str) -> str | None:
        """Give the id of the container of this name that waits or works; None if none does."""
        return next(
            (each["jobId"] for each in self._named(name) if each["status"] in _UNDER_WAY), None
        )

    def state(self, identifier: str) -> State:
        """Say how far a container has come; Batch forgets one some days after its end."""
        with aws.translated("batch:DescribeJobs"):
            jobs = self._client.describe_jobs(jobs=[identifier])["jobs"]
            if not jobs:
                raise AwsFailed(f"batch:DescribeJobs failed: there is no job {identifier}")
            return _state(jobs[0])

    def found(self, name: str) -> list[Found]:
        """Give the containers of this name that Batch still knows, the newest first.

        It takes no right to what stands in a job, which `state` does.
        """
        found = [
            Found(each["jobId"], _time(each.get("createdAt", 0)), _state(each))
            for each in self._named(name)
        ]
        return sorted(found, key=lambda each: each.submitted_at, reverse=True)

    def _named(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the jobs of exactly this name; Batch's filter knows no upper case."""
        asked: dict[str, Any] = {
            "jobQueue": self._queue,
            "filters": [{"name": "JOB_NAME", "values": [name]}],
        }
        with aws.translated("batch:ListJobs"):
            for page in self._client.get_paginator("list_jobs").paginate(**asked):
                yield from (each for each in page["jobSummaryList"] if each["jobName"] == name)


def _state(job: dict[str, Any]) -> State:
    container = job.get("container", {})
    reasons = (job.get("statusReason"), container.get("reason"))
    return State(job["status"], "; ".join(filter(None, reasons)), container.get("exitCode"))


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)

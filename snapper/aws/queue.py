"""The queue of jobs."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, Self

from snapper.aws import client as aws
from snapper.errors import AwsFailed
from snapper.values.attempts import ATTEMPTS, pause_after

BATCH = 10
"""Messages of one SendMessageBatch. Source: Amazon SQS limits."""

_SENDINGS = 5
_PAUSE_SECONDS = 0.4


@dataclass(frozen=True)
class Retries:
    """How many attempts a job has, and how long the queue itself hides one that failed."""

    attempts: int
    hidden: timedelta

    def pause_after(self, attempt: int) -> timedelta:
        """Give the time until the next attempt. In older deployments the queue alone decides."""
        return pause_after(attempt) if self.attempts == ATTEMPTS else self.hidden


class Message(Protocol):
    """A job or a drill: of one database, and to be written as text."""

    @property
    def database(self) -> str:
        """The key of the database."""
        ...

    def to_json(self) -> str:
        """Write it as a message body."""
        ...


class JobQueue:
    """Puts jobs on a queue, or drills; raises AwsFailed unless every one of them is there."""

    def __init__(
        self,
        url: str,
        client: Any,  # noqa: ANN401  boto3 has no types
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url
        self._client = client
        self._sleep = sleep

    @classmethod
    def connect(cls, url: str) -> Self:
        """Open the queue with the credentials and region of the environment."""
        return cls(url, aws.client("sqs"))

    def send(self, jobs: Sequence[Message]) -> None:
        """Send all jobs; those that SQS reports as failed are sent again.

        A batch that fails does not keep the next ones from being sent; what is left over after
        the last attempt is raised as one error that names the databases.
        """
        refused: list[tuple[Message, str]] = []
        for start in range(0, len(jobs), BATCH):
            refused += self._send_batch(jobs[start : start + BATCH])
        if refused:
            names = ", ".join(sorted({f"{job.database} ({code})" for job, code in refused}))
            raise AwsFailed(
                f"sqs:SendMessage failed for {len(refused)} of {len(jobs)} jobs: {names}"
            )

    def put_off(self, job: Message, pause: timedelta) -> None:
        """Send a job that is delivered only after the pause, as if it had never been before."""
        with aws.translated("sqs:SendMessage"):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=job.to_json(),
                DelaySeconds=int(pause.total_seconds()),
            )

    def waiting(self) -> int:
        """Give about how many jobs wait or are being worked on; SQS itself knows only about."""
        kinds = ("", "NotVisible", "Delayed")
        names = [f"ApproximateNumberOfMessages{kind}" for kind in kinds]
        with aws.translated("sqs:GetQueueAttributes"):
            answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def retries(self) -> Retries:
        """Say how often a job is tried in all, and how long it is hidden."""
        names = ["VisibilityTimeout", "RedrivePolicy"]
        with aws.translated("sqs:GetQueueAttributes"):
            found = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)
        timeout, policy = (found["Attributes"][name] for name in names)
        hidden = timedelta(seconds=int(timeout))
        return Retries(int(json.loads(policy)["maxReceiveCount"]), hidden)

    def hide(self, receipt: str, pause: timedelta) -> None:
        """Have the job of this delivery delivered again after the pause, unless it is deleted."""
        with aws.translated("sqs:ChangeMessageVisibility"):
            self._client.change_message_visibility(
                QueueUrl=self._url,
                ReceiptHandle=receipt,
                VisibilityTimeout=int(pause.total_seconds()),
            )

    def _send_batch(self, jobs: Sequence[Message]) -> list[tuple[Message, str]]:
        waiting = [(job, "") for job in jobs]
        for attempt in range(_SENDINGS):
            if attempt:
                self._sleep(_PAUSE_SECONDS * 2 ** (attempt - 1))
            try:
                waiting = self._try_batch([job for job, _ in waiting])
            except AwsFailed as error:
                waiting = [(job, str(error)) for job, _ in waiting]
            if not waiting:
                break
        return waiting

    def _try_batch(self, jobs: Sequence[Message]) -> list[tuple[Message, str]]:
        entries = [{"Id": str(n), "MessageBody": job.to_json()} for n, job in enumerate(jobs)]
        with aws.translated("sqs:SendMessageBatch"):
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        # Only what SQS says it has is there: an answer cut short names neither good nor bad.
        sent = {entry["Id"] for entry in answer.get("Successful", ())}
        codes = {entry["Id"]: entry["Code"] for entry in answer.get("Failed", ())}
        return [
            (job, codes.get(str(n), "no answer"))
            for n, job in enumerate(jobs)
            if str(n) not in sent
        ]

"""The dead letters: jobs that failed too often, and scheduled events that were never dispatched."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from snapper.aws import client as aws
from snapper.errors import SettingsError
from snapper.values.health import Failure
from snapper.values.job import Job, read_time

# Seconds for which a letter that was read is hidden from others, if we cannot release it earlier.
_HIDDEN = 30
_BATCH = 10

_NUMBERS = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]

WAIT_SECONDS = 1
"""To whoever waits a moment, SQS answers for all its hosts: then one empty answer is believed."""


@dataclass(frozen=True)
class Letter:
    """One dead letter: a job, or a scheduled event with the dispatcher's failure; else foreign."""

    message_id: str
    receipt: str
    sent_at: datetime
    job: Job | None = None
    failure: Failure | None = None


class DeadLetters:
    """The dead-letter queue; raises AwsFailed."""

    def __init__(self, url: str, client: Any) -> None:  # noqa: ANN401  boto3 has no types
        self._url = url
        self._client = client
        self._removed: set[str] = set()

    @classmethod
    def connect(cls, url: str) -> Self:
        """Open the queue with the credentials and region of the environment."""
        return cls(url, aws.client("sqs"))

    def count(self) -> int:
        """Give about how many there are, also of those that somebody hides by reading them."""
        with aws.translated("sqs:GetQueueAttributes of the dead letters"):
            answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=_NUMBERS)
        return sum(int(answer["Attributes"][name]) for name in _NUMBERS)

    def read(self) -> list[Letter]:
        """Give every letter once, oldest first; they stay in the queue for whoever asks next."""
        with self.held() as letters:
            return letters

    @contextmanager
    def held(self) -> Iterator[list[Letter]]:
        """Hold every letter, oldest first, hidden from other readers; the rest is then released.

        What is not removed by then is there again at once: an operator's next command finds it.
        """
        letters: dict[str, Letter] = {}
        try:
            self._receive(letters)
            yield sorted(letters.values(), key=lambda letter: letter.sent_at)
        finally:
            self._release([each for each in letters.values() if each.receipt not in self._removed])

    def remove(self, letter: Letter) -> None:
        """Take a letter out of the queue for good."""
        with aws.translated("sqs:DeleteMessage of a dead letter"):
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)
        self._removed.add(letter.receipt)

    def _receive(self, letters: dict[str, Letter]) -> None:
        news = True
        while news:
            with aws.translated("sqs:ReceiveMessage of the dead letters"):
                answer = self._client.receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=_BATCH,
                    VisibilityTimeout=_HIDDEN,
                    WaitTimeSeconds=WAIT_SECONDS,
                    AttributeNames=["SentTimestamp"],
                )
            messages = answer.get("Messages", ())
            found = {message["MessageId"]: _letter(message) for message in messages}
            news = bool(found.keys() - letters.keys())
            letters.update(found)

    def _release(self, letters: list[Letter]) -> None:
        for start in range(0, len(letters), _BATCH):
            entries = [
                {"Id": str(number), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                for number, letter in enumerate(letters[start : start + _BATCH])
            ]
            with aws.translated("sqs:ChangeMessageVisibility of the dead letters"):
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)


def _letter(message: dict[str, Any]) -> Letter:
    place = message["MessageId"], message["ReceiptHandle"]
    sent_at = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    try:
        return Letter(*place, sent_at, job=Job.from_json(message["Body"]))
    except SettingsError:
        return Letter(*place, sent_at, failure=_undispatched(message["Body"], sent_at))


def _undispatched(body: str, sent_at: datetime) -> Failure | None:
    """Read what Lambda writes of an event that its function failed; None if this is no such."""
    try:
        found = json.loads(body)
        scheduled_at = read_time(found["requestPayload"]["time"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    answer = found.get("responsePayload")
    reason = answer.get("errorMessage") if isinstance(answer, dict) else None
    return Failure(scheduled_at, sent_at, str(reason or "the dispatcher gave no reason"))

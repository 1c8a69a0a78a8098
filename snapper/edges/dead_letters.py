"""The dead letters: jobs that failed too often, and scheduled events that were never dispatched."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from snapper.edges import aws
from snapper.errors import SettingsError
from snapper.values.job import Job, read_time

# Seconds for which a letter that was read stays hidden: long enough to read all and act on them.
_HIDDEN = 20
_BATCH = 10


@dataclass(frozen=True)
class Letter:
    """One dead letter: a job, or the time of a scheduled event that the dispatcher failed."""

    message_id: str
    receipt: str
    sent_at: datetime
    job: Job | None = None
    undispatched_at: datetime | None = None


class DeadLetters:
    """The dead-letter queue; raises AwsFailed."""

    def __init__(self, url: str, client: Any) -> None:  # noqa: ANN401  boto3 has no types
        self._url = url
        self._client = client

    @classmethod
    def connect(cls, url: str) -> Self:
        """Open the queue with the credentials and region of the environment."""
        return cls(url, aws.client("sqs"))

    def read(self) -> list[Letter]:
        """Give every letter once, oldest first; they stay in the queue.

        A letter is hidden from other readers for some seconds, so that this one meets it once.
        """
        letters: dict[str, Letter] = {}
        empty_answers = 0
        # One empty answer may come from one of SQS's hosts; two in a row are believed.
        while empty_answers < 2:
            with aws.translated("sqs:ReceiveMessage of the dead letters"):
                answer = self._client.receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=_BATCH,
                    VisibilityTimeout=_HIDDEN,
                    WaitTimeSeconds=1,
                    AttributeNames=["SentTimestamp"],
                )
            messages = answer.get("Messages", ())
            found = {message["MessageId"]: _letter(message) for message in messages}
            empty_answers = 0 if found.keys() - letters.keys() else empty_answers + 1
            letters |= found
        return sorted(letters.values(), key=lambda letter: letter.sent_at)

    def remove(self, letter: Letter) -> None:
        """Take a letter out of the queue for good."""
        with aws.translated("sqs:DeleteMessage of a dead letter"):
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)


def _letter(message: dict[str, Any]) -> Letter:
    sent_at = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    letter = Letter(message["MessageId"], message["ReceiptHandle"], sent_at)
    try:
        return Letter(
            letter.message_id, letter.receipt, sent_at, job=Job.from_json(message["Body"])
        )
    except SettingsError:
        return Letter(
            letter.message_id,
            letter.receipt,
            sent_at,
            undispatched_at=_undispatched_at(message["Body"]),
        )


def _undispatched_at(body: str) -> datetime | None:
    """Read the scheduled time out of what Lambda writes of an event that its function failed."""
    try:
        return read_time(json.loads(body)["requestPayload"]["time"])
    except (ValueError, KeyError, TypeError):
        return None

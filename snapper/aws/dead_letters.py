"""The dead letters: jobs, drills and restores that failed, and events that a function failed on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import unquote_plus

from snapper.aws import client as aws
from snapper.errors import SettingsError
from snapper.values.cloud_restore import CloudRestore
from snapper.values.drill import Drill
from snapper.values.failed_container import read_failed_container
from snapper.values.health import Failure
from snapper.values.job import Job, read_time
from snapper.values.keys import Kind, read_key
from snapper.values.timetable import are_of_drills, rules_of

# Seconds for which a letter that was read is hidden from others, if we cannot release it earlier.
_HIDDEN = 30
_BATCH = 10

_NUMBERS = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]

WAIT_SECONDS = 1
"""To whoever waits a moment, SQS answers for all its hosts: then one empty answer is believed."""


@dataclass(frozen=True)
class Letter:
    """One dead letter: a job, drill, restore, or event that a function failed on; else foreign.

    The event is a scheduled one of certain `rules`, or tells of the backup after which was not
    `pruned`. A drill that speaks against its backup brings the `failure` along, and so does what a
    container was to do that has failed.
    """

    message_id: str
    receipt: str
    sent_at: datetime
    job: Job | None = None
    failure: Failure | None = None
    pruned: Job | None = None
    rules: tuple[str, ...] = ()
    drill: Drill | None = None
    restore: CloudRestore | None = None

    @property
    def database(self) -> str | None:
        """The one database that it is of; an event that was never dispatched is of all."""
        found = self.job or self.pruned or self.drill or self.restore
        return found.database if found else None

    @property
    def undispatched(self) -> bool:
        """Whether it is a scheduled event that never became jobs."""
        return self.failure is not None and not (self.database or self.unplanned)

    @property
    def unplanned(self) -> bool:
        """Whether it is the event by which the prover plans, and no drill came of it."""
        return self.failure is not None and are_of_drills(self.rules)


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
    body = message["Body"]
    container = read_failed_container(body)
    wish, reason = container or (body, "")
    with suppress(SettingsError):
        job = Job.from_json(wish)
        lost = Failure(job.scheduled_at, sent_at, reason) if reason else None
        return Letter(*place, sent_at, job=job, failure=lost)
    with suppress(SettingsError):
        drill = Drill.from_json(wish)
        why = drill.reason or reason
        told = Failure(drill.taken_at, sent_at, why) if why else None
        return Letter(*place, sent_at, failure=told, drill=drill)
    with suppress(SettingsError):
        restore = CloudRestore.from_json(wish)
        died = Failure(restore.taken_at, sent_at, reason) if reason else None
        return Letter(*place, sent_at, failure=died, restore=restore)
    failure, pruned, rules = _failed_event(body, sent_at)
    return Letter(*place, sent_at, failure=failure, pruned=pruned, rules=rules)


def _failed_event(
    body: str, sent_at: datetime
) -> tuple[Failure | None, Job | None, tuple[str, ...]]:
    """Read what Lambda writes of an event that its function failed; None if this is no such."""
    try:
        found = json.loads(body)
        event, pruned = found["requestPayload"], None
        rules = rules_of(event)
        if "Records" in event:
            pruned = _unpruned(event)
            scheduled_at = pruned.scheduled_at
        else:
            scheduled_at = read_time(event["time"])
    except (AttributeError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None, None, ()
    answer = found.get("responsePayload")
    reason = answer.get("errorMessage") if isinstance(answer, dict) else None
    function = "pruner" if pruned else "prover" if are_of_drills(rules) else "dispatcher"
    told = str(reason or f"the {function} gave no reason")
    return Failure(scheduled_at, sent_at, told), pruned, rules


def _unpruned(event: dict[str, Any]) -> Job:
    """Read which backup S3 told the pruner of; raises ValueError if it is none of ours."""
    made = read_key(unquote_plus(event["Records"][0]["s3"]["object"]["key"]))
    if made is None or made.kind is not Kind.MANIFEST:
        raise ValueError
    return Job(made.database, made.at)

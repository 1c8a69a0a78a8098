"""A failed job comes back soon, later each time; one whose function was killed comes back too."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from functions.dumper import handler
from local.emulator.cloud import Cloud
from snapper.aws.queue import JobQueue
from snapper.aws.vault import Vault
from snapper.values.attempts import ATTEMPTS
from tests.support.databases import Source, job
from tests.support.events import Context, delivery, record

NOBODY = "postgresql://u:p@127.0.0.1:1/d"
FUNCTION = Context(900)


class Queue:
    """A queue with one job; for how long that was hidden is written down."""

    def __init__(self, sqs: Any, url: str) -> None:
        self._sqs, self.url = sqs, url
        self.hidden: list[float] = []
        sqs.send_message(QueueUrl=url, MessageBody=job().to_json())

    def receive(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._sqs.receive_message(QueueUrl=self.url)["Messages"]
        return found

    def deliver(self, attempt: int = 1) -> dict[str, Any]:
        (message,) = self.receive()
        given = record(message["Body"], message["MessageId"], attempt)
        return delivery({**given, "receiptHandle": message["ReceiptHandle"]})


@pytest.fixture
def queue(cloud: Cloud, stage: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    sqs = cloud.client("sqs")
    queue = Queue(sqs, sqs.create_queue(QueueName=f"{stage}-jobs")["QueueUrl"])
    monkeypatch.setenv("SNAPPER_QUEUE_URL", queue.url)
    hide = JobQueue.hide

    def hiding(self: JobQueue, receipt: str, pause: timedelta) -> None:
        hide(self, receipt, pause)
        queue.hidden.append(pause.total_seconds())

    monkeypatch.setattr(JobQueue, "hide", hiding)
    yield queue
    sqs.delete_queue(QueueUrl=queue.url)


@pytest.mark.parametrize(("attempt", "minutes"), [(1, 2), (2, 10), (3, 30), (4, 30)])
def test_a_failed_job_comes_back_after_minutes(
    queue: Queue, configure: Callable[..., None], home: Vault, attempt: int, minutes: int
) -> None:
    configure("orders", NOBODY)
    answer = handler(queue.deliver(attempt), FUNCTION)
    assert len(answer["batchItemFailures"]) == 1
    assert queue.hidden == [16 * 60, minutes * 60]


def test_after_the_last_attempt_a_job_is_there_at_once_for_the_dead_letters(
    queue: Queue, configure: Callable[..., None], home: Vault
) -> None:
    configure("orders", NOBODY)
    handler(queue.deliver(ATTEMPTS), FUNCTION)
    assert queue.hidden[-1] == 0
    assert queue.receive()


def test_while_it_is_worked_on_a_job_is_hidden_as_long_as_the_function_can_run(
    queue: Queue, configure: Callable[..., None], home: Vault, source: Callable[..., Source]
) -> None:
    """Killed, it is back a minute after its time; done, it needs nothing more."""
    configure("orders", source().dsn)
    assert handler(queue.deliver(), FUNCTION) == {"batchItemFailures": []}
    assert queue.hidden == [16 * 60]


def test_a_queue_that_refuses_hides_no_failure(
    queue: Queue, configure: Callable[..., None], home: Vault, said: Callable[[], Any]
) -> None:
    configure("orders", NOBODY)
    event = queue.deliver()
    event["Records"][0]["receiptHandle"] = "of another"
    assert len(handler(event, FUNCTION)["batchItemFailures"]) == 1
    told = said()
    assert told.log("dump.failed")["kind"] == "HostUnreachable"
    assert told.log("job.unhurried")["level"] == "WARNING"
    assert queue.hidden == []

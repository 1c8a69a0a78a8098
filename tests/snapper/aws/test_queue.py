"""Every job is on the queue, or the databases that are not are named."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from snapper.aws.queue import JobQueue, Retries
from snapper.errors import AwsFailed
from snapper.values.job import Job
from tests.support.databases import AT

JOBS = [Job(f"database-{number:02}", AT) for number in range(25)]


class ScriptedSqs:
    """Answers SendMessageBatch as the test says, and remembers what it was sent."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.batches: list[list[str]] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> Any:  # noqa: N803
        databases = [json.loads(entry["MessageBody"])["database"] for entry in Entries]
        self.batches.append(databases)
        refused = self._answer(len(self.batches), databases)
        if isinstance(refused, Exception):
            raise refused
        return {
            "Successful": [
                {"Id": entry["Id"]}
                for entry, database in zip(Entries, databases, strict=True)
                if database not in refused
            ],
            "Failed": [
                {"Id": entry["Id"], "Code": "InternalError", "SenderFault": False}
                for entry, database in zip(Entries, databases, strict=True)
                if database in refused
            ],
        }


def queue(answer: Any) -> tuple[JobQueue, ScriptedSqs, list[float]]:
    sqs, slept = ScriptedSqs(answer), list[float]()
    return JobQueue("https://sqs/jobs", sqs, slept.append), sqs, slept


@pytest.fixture
def sqs() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("sqs")


def test_25_databases_travel_in_batches_of_at_most_10_and_all_arrive(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    JobQueue.connect(url).send(JOBS)
    arrived: list[Job] = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        assert len(found) <= 10
        arrived += [Job.from_json(message["Body"]) for message in found]
    assert sorted(arrived, key=lambda job: job.database) == JOBS


def test_batches_hold_10_messages() -> None:
    jobs, sqs, slept = queue(lambda *_: [])
    jobs.send(JOBS)
    assert [len(batch) for batch in sqs.batches] == [10, 10, 5]
    assert slept == []


def test_only_the_failed_entries_are_sent_again() -> None:
    jobs, sqs, slept = queue(lambda call, _: ["database-03", "database-07"] if call == 1 else [])
    jobs.send(JOBS)
    assert sqs.batches[1] == ["database-03", "database-07"]
    assert [len(batch) for batch in sqs.batches] == [10, 2, 10, 5]
    assert len(slept) == 1


def test_what_keeps_failing_is_raised_by_name_when_all_others_are_sent() -> None:
    jobs, sqs, _ = queue(lambda *_: ["database-03", "database-12"])
    with pytest.raises(AwsFailed, match="2 of 25 jobs") as failure:
        jobs.send(JOBS)
    assert "database-03 (InternalError), database-12 (InternalError)" in str(failure.value)
    assert sqs.batches[-1] == [job.database for job in JOBS[20:]]
    assert failure.value.retry


def test_a_batch_that_fails_as_a_whole_is_tried_again_and_keeps_none_of_the_others() -> None:
    down = ClientError({"Error": {"Code": "ServiceUnavailable"}}, "SendMessageBatch")
    jobs, sqs, slept = queue(lambda _, databases: down if JOBS[0].database in databases else [])
    with pytest.raises(AwsFailed, match="10 of 25 jobs") as failure:
        jobs.send(JOBS)
    assert "ServiceUnavailable" in str(failure.value)
    assert len(slept) == 4
    assert slept == sorted(slept)
    assert {len(batch) for batch in sqs.batches} == {10, 5}


def test_a_connection_that_comes_back_is_no_failure() -> None:
    broken = EndpointConnectionError(endpoint_url="https://sqs")
    jobs, _, _ = queue(lambda call, _: broken if call < 3 else [])
    jobs.send(JOBS[:1])


def test_a_queue_that_is_gone_is_told(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(AwsFailed, match=r"NonExistentQueue|QueueDoesNotExist"):
        JobQueue(url, sqs, lambda _: None).send(JOBS[:1])


def test_no_jobs_are_no_call() -> None:
    jobs, sqs, _ = queue(lambda *_: [])
    jobs.send([])
    assert sqs.batches == []


def test_a_job_that_the_answer_does_not_name_was_not_sent() -> None:
    class CutShort:
        def send_message_batch(self, **_: object) -> dict[str, object]:
            return {}

    with pytest.raises(AwsFailed, match=r"failed for 2 of 2 jobs: .*database-01 \(no answer\)"):
        JobQueue("https://sqs/jobs", CutShort(), lambda _: None).send(JOBS[:2])


def test_the_queue_says_how_often_and_when_a_job_is_tried_again(sqs: Any) -> None:
    letters = sqs.create_queue(QueueName="letters")["QueueUrl"]
    named = sqs.get_queue_attributes(QueueUrl=letters, AttributeNames=["QueueArn"])
    policy = {"deadLetterTargetArn": named["Attributes"]["QueueArn"], "maxReceiveCount": 3}
    settings = {"VisibilityTimeout": "5400", "RedrivePolicy": json.dumps(policy)}
    url = sqs.create_queue(QueueName="jobs", Attributes=settings)["QueueUrl"]
    assert JobQueue(url, sqs).retries() == Retries(3, timedelta(minutes=90))


def test_a_job_that_is_put_off_is_counted_as_waiting_and_comes_later(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    jobs = JobQueue(url, sqs)
    jobs.put_off(JOBS[0], timedelta(seconds=90))
    assert jobs.waiting() == 1
    assert "Messages" not in sqs.receive_message(QueueUrl=url)

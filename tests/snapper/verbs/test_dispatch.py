"""A scheduled time becomes one job for every database, or an error."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from snapper.aws.parameters import Parameters
from snapper.aws.queue import JobQueue
from snapper.errors import AwsFailed, SettingsError
from snapper.values.job import Job
from snapper.values.options import Options
from snapper.values.secrets import Database
from snapper.values.timetable import mark_of
from snapper.verbs.dispatch import dispatch
from tests.support.as_data import ROOT, put
from tests.support.databases import AT
from tests.support.parameters import store
from tests.support.recording import RecordedEvents


class Queue(JobQueue):
    """Keeps the jobs, or refuses them."""

    def __init__(self, *, refuses: bool = False) -> None:
        self._refuses = refuses
        self.jobs: list[Job] = []

    def send(self, jobs: object) -> None:
        if self._refuses:
            raise AwsFailed("sqs:SendMessage failed for 1 of 2 jobs: people (InternalError)")
        assert isinstance(jobs, list)
        self.jobs += jobs


@pytest.fixture
def parameters() -> Iterator[Parameters]:
    with mock_aws():
        ssm = boto3.client("ssm")
        for key in ("people", "orders"):
            ssm.put_parameter(
                Name=f"/snapper/prod/BACKUP_STORAGE_DATA/{key}", Value="7", Type="SecureString"
            )
        yield Parameters("/snapper/prod", ssm)


def test_every_database_gets_one_job_of_the_scheduled_time(
    parameters: Parameters, events: RecordedEvents
) -> None:
    queue = Queue()
    made = dispatch(AT, parameters, queue, events)
    assert made == queue.jobs == [Job("orders", AT), Job("people", AT)]
    assert events.reported == [
        ("job.queued", {"database": name, "scheduled_at": "2026-11-23T03:00:00Z"})
        for name in ("orders", "people")
    ]


def test_a_rule_of_some_databases_brings_jobs_to_those_alone(events: RecordedEvents) -> None:
    hourly = Options(schedule="rate(1 hour)")
    with mock_aws():
        ssm = boto3.client("ssm")
        databases = Database("orders", "", 7, options=hourly), Database("people", "", 7)
        store(ssm, "/snapper/prod", databases)
        rule = "arn:aws:events:eu-central-1:123456789012:rule/snapper-prod-schedule"
        for fired, key in ((rule, "people"), (f"{rule}_{mark_of(hourly.schedule)}", "orders")):
            queue = Queue()
            dispatch(AT, Parameters("/snapper/prod", ssm), queue, events, [fired])
            assert queue.jobs == [Job(key, AT)]


def test_a_job_that_cannot_be_queued_is_an_error_and_not_told_as_queued(
    parameters: Parameters, events: RecordedEvents
) -> None:
    with pytest.raises(AwsFailed, match="people"):
        dispatch(AT, parameters, Queue(refuses=True), events)
    assert events.reported == []


def test_a_stage_without_databases_is_an_error(events: RecordedEvents) -> None:
    with mock_aws(), pytest.raises(SettingsError, match="no database is configured"):
        dispatch(AT, Parameters("/snapper/prod", boto3.client("ssm")), Queue(), events)


def test_1000_databases_most_of_them_added_get_one_message_each_though_some_are_refused_at_first(
    events: RecordedEvents,
) -> None:
    many = [Database(f"db-{number:04}", f"host=h dbname=d{number}", 7) for number in range(1000)]
    with mock_aws():
        ssm, sqs = boto3.client("ssm"), Throttled()
        store(ssm, ROOT, many[:200])
        put(ssm, *many[200:])
        queue = JobQueue("https://sqs/jobs", sqs, lambda _: None)
        jobs = dispatch(AT, Parameters(ROOT, ssm), queue, events)
    arrived = [Job.from_json(body).database for body in sqs.taken]
    assert sorted(arrived) == [each.database for each in jobs] == [each.key for each in many]
    assert sqs.refused > 50
    assert sqs.calls < 2 * len(many) / 10


class Throttled:
    """An SQS that takes every third batch only in part, and every fifth not at all."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.calls = self.refused = 0

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> Any:  # noqa: N803  as boto3 has them
        self.calls += 1
        if self.calls % 5 == 0:
            self.refused += len(Entries)
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "SendMessageBatch")
        many = len(Entries) // 2 if self.calls % 3 == 0 else len(Entries)
        self.taken += [each["MessageBody"] for each in Entries[:many]]
        self.refused += len(Entries) - many
        return {
            "Successful": [{"Id": each["Id"]} for each in Entries[:many]],
            "Failed": [
                {"Id": each["Id"], "Code": "ThrottlingException"} for each in Entries[many:]
            ],
        }

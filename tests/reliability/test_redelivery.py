"""The deployed function dies or hangs, and the real queue brings its job back."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg2
import pytest

from snapper.values.job import Job
from snapper.values.settings import connection_parameter, parameter_root
from snapper.verbs.catalog import holding_at
from snapper.verbs.choice import find
from tests.support.cloud import LONGEST, invoke
from tests.support.databases import Source
from tests.support.faults import faulted
from tests.support.stage import StageUnderTest, wait_until


@pytest.fixture
def quiet(stage: StageUnderTest) -> Iterator[StageUnderTest]:
    """A stage without any other job, before and after."""
    stage.settle()
    yield stage
    stage.settle()


def test_a_job_whose_function_was_killed_comes_back_and_is_done(quiet: StageUnderTest) -> None:
    made = quiet.source(18)
    with quiet.database("killed", made.dsn) as key, faulted("process dies: the deployed function"):
        with locked(made):
            job = send(quiet, key)
            wait_until(lambda: dumping(made))
            receipt = receipt_of(quiet, job)
            kill_dumper(quiet)
            assert not is_there(quiet, job)
        bring_back(quiet, receipt)
        wait_until(lambda: is_there(quiet, job))
        assert find(quiet.vault, key).scheduled_at == job.scheduled_at
        wait_until(lambda: not waiting(quiet))


@pytest.mark.long
def test_a_function_that_hangs_is_ended_and_its_job_comes_back(quiet: StageUnderTest) -> None:
    """The server takes the connection and says nothing; then the time of the function is over."""
    made, dumper = quiet.source(18), quiet.deployment.outputs["dumper"]
    client, name = quiet.cloud.client("lambda"), "Timeout"
    usual = client.get_function_configuration(FunctionName=dumper)[name]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(LONGEST)
        silence = f"postgresql://u:p@127.0.0.1:{silent.getsockname()[1]}/d"
        with quiet.database("hangs", silence) as key, faulted("process dies: function time-out"):
            # A warm function reaches the server in no time; libpq would give it up after 15 s.
            invoke(quiet.cloud, dumper, {"Records": []})
            client.update_function_configuration(FunctionName=dumper, Timeout=10)
            try:
                job = send(quiet, key)
                line, _ = silent.accept()
                receipt = receipt_of(quiet, job)
                wait_until(lambda: not quiet.at_work())
            finally:
                client.update_function_configuration(FunctionName=dumper, Timeout=usual)
            line.close()
            assert not is_there(quiet, job)
            quiet.cloud.client("ssm").put_parameter(
                Name=connection_parameter(parameter_root(quiet.name), key),
                Value=made.dsn,
                Type="SecureString",
                Overwrite=True,
            )
            bring_back(quiet, receipt)
            wait_until(lambda: is_there(quiet, job))


def send(stage: StageUnderTest, key: str) -> Job:
    job = Job(key, datetime.now(UTC).replace(microsecond=0))
    stage.cloud.client("sqs").send_message(
        QueueUrl=stage.deployment.outputs["queue_url"], MessageBody=job.to_json()
    )
    return job


def is_there(stage: StageUnderTest, job: Job) -> bool:
    return holding_at(stage.vault, job.database, job.scheduled_at).entry.complete


def kill_dumper(stage: StageUnderTest) -> None:
    """Kill those that are at work, with all that they started, as AWS does."""
    for environment in stage.at_work():
        environment.stop()


def receipt_of(stage: StageUnderTest, job: Job) -> str:
    """By what the queue knows the delivery of a job that is being done."""
    deliveries = [each._api._current for each in stage.at_work()]
    records = [json.loads(each.event)["Records"][0] for each in deliveries if each]
    (receipt,) = (each["receiptHandle"] for each in records if each["body"] == job.to_json())
    return str(receipt)


def bring_back(stage: StageUnderTest, receipt: str) -> None:
    """Let the queue deliver a job again now, not six times the function's longest time later."""
    stage.cloud.client("sqs").change_message_visibility(
        QueueUrl=stage.deployment.outputs["queue_url"], ReceiptHandle=receipt, VisibilityTimeout=0
    )


@contextmanager
def locked(source: Source) -> Iterator[None]:
    """Let every dump wait for a table."""
    lock = psycopg2.connect(source.dsn)
    try:
        lock.cursor().execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        lock.close()


def dumping(source: Source) -> bool:
    return bool(
        source.rows(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'snapper'"
            f" AND datname = '{source.name}' AND wait_event_type = 'Lock'"
        )
    )


def waiting(stage: StageUnderTest) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = stage.cloud.client("sqs").get_queue_attributes(
        QueueUrl=stage.deployment.outputs["queue_url"], AttributeNames=names
    )
    return sum(int(answer["Attributes"][name]) for name in names)

"""The deployed function dies or hangs, and the real queue brings its job back."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg2
import pytest

from snapper.values.job import Job
from snapper.values.settings import connection_parameter, parameter_root
from snapper.verbs.catalog import find, holding_at
from tests.support.databases import Source
from tests.support.faults import faulted
from tests.support.stage import StageUnderTest, wait_until


@pytest.fixture
def hasty(stage: StageUnderTest) -> Iterator[StageUnderTest]:
    """A stage whose queue brings a job back after 5 seconds instead of 12 minutes."""
    client, url = stage.cloud.client("sqs"), stage.deployment.outputs["queue_url"]
    name = "VisibilityTimeout"
    usual = client.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
    client.set_queue_attributes(QueueUrl=url, Attributes={name: "5"})
    yield stage
    client.set_queue_attributes(QueueUrl=url, Attributes=usual)
    stage.settle()


def test_a_job_whose_function_was_killed_comes_back_and_is_done(hasty: StageUnderTest) -> None:
    made = hasty.source(18)
    with hasty.database("killed", made.dsn) as key, faulted("process dies: the deployed function"):
        with locked(made):
            job = send(hasty, key)
            wait_until(lambda: dumping(made))
            kill_dumper(hasty)
            assert not is_there(hasty, job)
        wait_until(lambda: is_there(hasty, job))
        assert find(hasty.vault, key).scheduled_at == job.scheduled_at
        wait_until(lambda: not waiting(hasty))


@pytest.mark.long
def test_a_function_that_hangs_is_ended_and_its_job_comes_back(hasty: StageUnderTest) -> None:
    """The server takes the connection and says nothing; then the time of the function is over."""
    made, dumper = hasty.source(18), hasty.deployment.outputs["dumper"]
    client, name = hasty.cloud.client("lambda"), "Timeout"
    usual = client.get_function_configuration(FunctionName=dumper)[name]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silence = f"postgresql://u:p@127.0.0.1:{silent.getsockname()[1]}/d"
        with hasty.database("hangs", silence) as key, faulted("process dies: function time-out"):
            client.update_function_configuration(FunctionName=dumper, Timeout=2)
            try:
                job = send(hasty, key)
                first, _ = silent.accept()
                second, _ = silent.accept()  # the first attempt was ended, the job came back
                first.close()
                second.close()
            finally:
                client.update_function_configuration(FunctionName=dumper, Timeout=usual)
            assert not is_there(hasty, job)
            hasty.cloud.client("ssm").put_parameter(
                Name=connection_parameter(parameter_root(hasty.name), key),
                Value=made.dsn,
                Type="SecureString",
                Overwrite=True,
            )
            wait_until(lambda: is_there(hasty, job))


def send(stage: StageUnderTest, key: str) -> Job:
    job = Job(key, datetime.now(UTC).replace(microsecond=0))
    stage.cloud.client("sqs").send_message(
        QueueUrl=stage.deployment.outputs["queue_url"], MessageBody=job.to_json()
    )
    return job


def is_there(stage: StageUnderTest, job: Job) -> bool:
    return holding_at(stage.vault, job.database, job.scheduled_at).entry.complete


def kill_dumper(stage: StageUnderTest) -> None:
    """Kill the execution environments that are at work, with all that they started, as AWS does."""
    for environment in list(stage.host._installed[stage.deployment.outputs["dumper"]].busy):
        environment.stop()


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

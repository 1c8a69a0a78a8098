"""A container's role: it suffices, nothing in it is superfluous, and stolen it gets no further."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.aws.batch import Batch
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.values.container import Size, container_name
from snapper.values.job import Job
from snapper.values.keys import Kind, object_key
from snapper.values.options import BATCH, Options
from snapper.values.settings import databases_path, parameter_root
from tests.support.cloud import eventually, invoke, refused
from tests.support.deployments import bring_up
from tests.support.events import delivery, record
from tests.support.faults import faulted
from tests.support.recorder import RESTORING
from tests.support.rights import Rights, Weakening, without_a_part, without_a_statement
from tests.support.stage import StageUnderTest

FAMILY = "iam: one right of a container's role is missing"
NAME = "heavy"
ROLE = f"snapper-{NAME}-large"

NOT_ASKED = {
    "s3:AbortMultipartUpload": "asked only when an upload breaks off",
    "sqs:SendMessage": "asked only when a job has to wait for its server",
}


@pytest.fixture(scope="module")
def heavy(
    cloud: Cloud, server: Callable[[int], PostgresServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StageUnderTest]:
    """Give a stage with every kind of container."""
    with LambdaHost(cloud, tmp_path_factory.mktemp(NAME)) as host:
        deployment = bring_up(cloud, host, NAME, **RESTORING)
        yield StageUnderTest(cloud, host, deployment, server, NAME)
        deployment.destroy()


def test_of_its_own_stage_a_container_reaches_its_work_and_no_more(
    heavy: StageUnderTest, cloud: Cloud
) -> None:
    role = f"arn:aws:iam::{cloud.account}:role/{ROLE}"
    s3, sqs, ssm, batch = (cloud.client_as(each, role) for each in ("s3", "sqs", "ssm", "batch"))
    every = heavy.deployment.of_type("aws:s3/bucketObjectv2:BucketObjectv2")
    stored = [each for each in every if "dumper" in each.name]
    code = stored[0].inputs["bucket"]
    for each in stored:
        assert s3.head_object(Bucket=code, Key=each.inputs["key"])["ContentLength"] > 0
    table = databases_path(parameter_root(NAME))
    assert ssm.get_parameters_by_path(Path=table, WithDecryption=True)["Parameters"]
    assert refused(ssm.put_parameter, Name=f"{table}/1", Value="x", Overwrite=True)
    assert refused(ssm.get_parameters_by_path, Path=databases_path(parameter_root("other")))
    cloud.client("s3").put_object(Bucket=code, Key="other.zip", Body=b"")
    dump = object_key("orders", datetime(2026, 11, 23, tzinfo=UTC), Kind.DUMP)
    vault, outputs = heavy.vault.bucket, heavy.deployment.outputs
    assert refused(s3.get_object, Bucket=code, Key="other.zip")
    for each in stored:
        assert refused(s3.put_object, Bucket=code, Key=each.inputs["key"], Body=b"")
        assert refused(s3.delete_object, Bucket=code, Key=each.inputs["key"])
    assert refused(s3.get_object, Bucket=vault, Key=dump)
    assert refused(s3.delete_object, Bucket=vault, Key=dump)
    assert refused(sqs.receive_message, QueueUrl=outputs["queue_url"])
    assert refused(sqs.send_message, QueueUrl=outputs["dead_letter_url"], MessageBody="x")
    queue, definition = _names(heavy)
    call = {"jobName": "x", "jobQueue": queue, "jobDefinition": definition}
    assert refused(batch.submit_job, **call)


@pytest.mark.long
@pytest.mark.parametrize(
    ("part", "room"),
    [("large", "dumper"), ("large-drills", "prover"), ("large-restores", "restorer")],
)
def test_what_starts_a_container_writes_its_log_and_no_more(
    heavy: StageUnderTest, cloud: Cloud, part: str, room: str
) -> None:
    role = f"arn:aws:iam::{cloud.account}:role/snapper-{NAME}-{part}-start"
    services = ("s3", "sqs", "ssm", "batch", "logs")
    s3, sqs, ssm, batch, logs = (cloud.client_as(each, role) for each in services)
    outputs, own = heavy.deployment.outputs, f"/aws/batch/snapper-{NAME}-{part}"
    logs.create_log_stream(logGroupName=own, logStreamName=f"job/{part}")
    other = f"/aws/lambda/{outputs['dumper']}"
    assert refused(logs.create_log_stream, logGroupName=other, logStreamName="job/x")
    assert refused(logs.delete_log_group, logGroupName=own)
    (code,) = {
        each.inputs["bucket"]
        for each in heavy.deployment.of_type("aws:s3/bucketObjectv2:BucketObjectv2")
        if room in each.name
    }
    for bucket in (code, heavy.vault.bucket):
        assert refused(s3.list_objects_v2, Bucket=bucket)
        assert refused(s3.put_object, Bucket=bucket, Key="x", Body=b"")
    for secret in ("DATABASE_CONN_STRINGS", "RESTORE_CONN_STRINGS"):
        path = f"/snapper/{NAME}/{secret}"
        assert refused(ssm.get_parameters_by_path, Path=path, WithDecryption=True)
    for url in ("queue_url", "dead_letter_url"):
        assert refused(sqs.send_message, QueueUrl=outputs[url], MessageBody="x")
    assert refused(batch.list_jobs, jobQueue=f"snapper-{NAME}-{part}")


@pytest.mark.parametrize(("function", "part"), [("dumper", "large"), ("prover", "large-drills")])
def test_who_hands_over_does_so_to_its_own_containers_and_rules_none(
    heavy: StageUnderTest, cloud: Cloud, function: str, part: str
) -> None:
    deployed = heavy.deployment.outputs[function]
    told = cloud.client("lambda").get_function_configuration(FunctionName=deployed)
    batch = cloud.client_as("batch", told["Role"])
    (own, definition), (other, theirs) = (
        _names(heavy, who) for who in sorted(("dumper", "prover"), key=lambda who: who != function)
    )

    def submit(queue: str, definition: str) -> str:
        call = {"jobName": "x", "jobQueue": queue, "jobDefinition": definition}
        return str(batch.submit_job(**call)["jobId"])

    identifier = submit(own, definition)
    assert batch.list_jobs(jobQueue=own, filters=[{"name": "JOB_NAME", "values": ["x"]}])
    for queue, of in ((other, definition), (own, theirs), (other, theirs)):
        assert refused(submit, queue=queue, definition=of)
    assert refused(batch.terminate_job, jobId=identifier, reason="x")
    assert refused(batch.update_job_queue, jobQueue=own, state="DISABLED")
    assert refused(batch.deregister_job_definition, jobDefinition=f"{definition}:1")
    assert refused(
        batch.register_job_definition, jobDefinitionName=f"snapper-{NAME}-{part}", type="container"
    )


@pytest.mark.long
def test_the_dumper_needs_every_right_to_hand_over(heavy: StageUnderTest, cloud: Cloud) -> None:
    dumper, source = heavy.deployment.outputs["dumper"], heavy.source(18)
    days = (datetime(2026, 9, 1, tzinfo=UTC) + timedelta(days=n) for n in itertools.count())
    options = Options(dump_in=BATCH)
    with heavy.database("handed", source.dsn, options=options) as key:

        def comes_back() -> bool:
            event = delivery(record(Job(key, next(days)).to_json(), "m"))
            return bool(invoke(cloud, dumper, event)["batchItemFailures"])

        assert not comes_back()
        told = cloud.client("lambda").get_function_configuration(FunctionName=dumper)
        rights = Rights(cloud, told["Role"].rpartition("/")[2])
        own = {"batch:SubmitJob", "batch:ListJobs"}
        tried = set[str]()
        for weakening in without_a_part(rights.statements):
            # A job names the definition without its revision.
            if own.issuperset(weakening.actions) and weakening.resources != (
                f"{_names(heavy)[1]}:*",
            ):
                tried.update(weakening.actions)
                family = "iam: one right of a function's role is missing"
                with faulted(family), rights.weakened(weakening):
                    eventually(comes_back, what=f"the dumper does not need {weakening}")
        assert tried == own
        eventually(lambda: not comes_back())
        heavy.settle()


def _names(stage: StageUnderTest, function: str = "dumper") -> tuple[str, str]:
    queue, definition = (
        next(each for each in stage.deployment.of_type(kind) if function in each.name)
        for kind in ("aws:batch/jobQueue:JobQueue", "aws:batch/jobDefinition:JobDefinition")
    )
    return queue.outputs["arn"], definition.outputs["arnPrefix"]


def asked(weakening: Weakening) -> bool:
    """Tell whether a backup that goes well asks for what was taken away."""
    return not set(weakening.actions) <= NOT_ASKED.keys()


@pytest.mark.long
def test_a_container_needs_every_right_it_has(heavy: StageUnderTest, cloud: Cloud) -> None:
    client = cloud.client("batch")
    batch = Batch(*_names(heavy), client)
    days = (datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=n) for n in itertools.count())
    source = heavy.source(18)

    def said(key: str) -> str:
        """Have a backup made, or not, and give what the container has said of it."""
        job = Job(key, next(days))
        name = container_name(job)
        identifier = batch.submit(job.to_json(), name, Size(1))

        def told() -> str:
            ended = not batch.state(identifier).is_under_way
            lines = "\n".join(heavy.host.containers.logs(name))
            return lines if ended or '"dump.failed"' in lines else ""

        words = str(eventually(told))
        if batch.state(identifier).is_under_way:
            # It would try again in some minutes.
            client.terminate_job(jobId=identifier, reason="seen")
            eventually(lambda: not batch.state(identifier).is_under_way)
        return words

    with heavy.database("weighed", source.dsn) as key:
        assert '"dump.ended"' in said(key)
        rights = Rights(cloud, ROLE)
        for weakening in filter(asked, without_a_statement(rights.statements)):
            with faulted(FAMILY), rights.weakened(weakening):
                assert "AccessDenied" in said(key), str(weakening)
        assert '"dump.ended"' in said(key)

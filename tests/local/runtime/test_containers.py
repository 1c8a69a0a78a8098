"""Containers of AWS Batch: each is the real start with real zips, under its own role."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.aws.batch import Batch
from snapper.values.container import AGAIN, Size
from tests.support.cloud import allow, eventually, lives, make_role, refused
from tests.support.container_jobs import define

EVERYTHING = """
    import json, os, subprocess
    import boto3
    from botocore.exceptions import ClientError

    print(json.dumps(dict(os.environ)))
    print(subprocess.run(["tool"], capture_output=True, text=True).stdout)
    s3 = boto3.client("s3")
    s3.put_object(Bucket="of-a-container", Key="a", Body=b"a")
    try:
        s3.get_object(Bucket="of-a-container", Key="a")
    except ClientError as error:
        print("refused with", error.response["Error"]["Code"])
    try:
        open("/tmp/beside", "w")
    except OSError as error:
        print("cannot write beside its folder")
"""
DEAF = """
    import os, signal, time
    signal.signal(signal.SIGTERM, lambda *_: print("asked to end", flush=True))
    print(f"ready {os.getpid()}\\n", end="", flush=True)  # in one go, also without a buffer
    while True:
        time.sleep(0.1)
"""
POLITE = """
    import signal, sys, time
    signal.signal(signal.SIGTERM, lambda *_: (print("in order", flush=True), sys.exit(5)))
    print("ready", flush=True)
    while True:
        time.sleep(0.1)
"""


@pytest.fixture(scope="module")
def host(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaHost]:
    with LambdaHost(cloud, tmp_path_factory.mktemp("host")) as started:
        yield started


def test_a_job_finds_what_fargate_would_show_it_and_no_more(
    cloud: Cloud, host: LambdaHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_DEVELOPER", "hush")
    cloud.client("s3").create_bucket(Bucket="of-a-container")
    right = allow("s3:PutObject", "arn:aws:s3:::of-a-container/*")
    made = define(cloud, host, tmp_path, "shown", EVERYTHING, right)
    assert made.end('{"a": 1}').succeeded, made.said()
    said = made.said()
    assert '"SNAPPER_JOB": "{\\"a\\": 1}"' in said
    assert "the tool works" in said
    assert "refused with AccessDenied" in said
    assert "SECRET_OF_THE_DEVELOPER" not in said
    assert "BASH_ENV" not in said
    assert "LOCAL_CONTAINERS_URL" not in said
    logs = cloud.client("logs")
    group = {"logGroupName": "/aws/batch/shown"}
    (stream,) = logs.describe_log_streams(**group)["logStreams"]
    assert stream["logStreamName"].startswith("job/default/")
    events = logs.get_log_events(**group, logStreamName=stream["logStreamName"])["events"]
    assert any("the tool works" in event["message"] for event in events)


@pytest.mark.long
def test_how_it_ended_is_recorded_and_tried_again_only_where_that_may_help(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    source = "import os, sys; print('tried'); sys.exit(int(os.environ['SNAPPER_JOB']))"
    again = [
        {"action": "RETRY", "onExitCode": str(AGAIN)},
        {"action": "EXIT", "onReason": "*"},
    ]
    retries = {"attempts": 3, "evaluateOnExit": again}
    made = define(cloud, host, tmp_path, "fails", source, retryStrategy=retries)
    once, thrice = made.end("5", "once"), made.end(str(AGAIN), "thrice")
    assert (once.status, once.exit_code) == ("FAILED", 5)
    assert (thrice.status, thrice.exit_code) == ("FAILED", AGAIN)
    assert [made.said(name).count("tried") for name in ("once", "thrice")] == [1, 3]


def test_a_zip_that_is_another_is_never_unpacked(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    made = define(cloud, host, tmp_path, "spoiled", "print('it ran')", spoiled=True)
    assert made.end().exit_code == 1
    assert "start.failed" in made.said()
    assert "is another: its SHA-256 is" in made.said()
    assert "it ran" not in made.said()


def test_who_is_told_to_end_may_do_so_in_order(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    made = define(cloud, host, tmp_path, "polite", POLITE)
    job = made.start()
    eventually(lambda: "ready" in made.said())
    cloud.client("batch").terminate_job(jobId=job, reason="told by a test")
    state = made.ended(job)
    assert (state.status, state.exit_code) == ("FAILED", 5)
    assert "told by a test" in state.reason
    assert "in order" in made.said()


@pytest.mark.long
def test_who_does_not_is_killed(
    cloud: Cloud, host: LambdaHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host.containers, "farewell", 1.0)
    made = define(cloud, host, tmp_path, "deaf", DEAF)
    job = made.start()
    eventually(lambda: "ready" in made.said())
    cloud.client("batch").terminate_job(jobId=job, reason="told by a test")
    assert made.ended(job).exit_code == 137
    assert "asked to end" in made.said()


def test_what_takes_too_long_is_ended_and_not_tried_again(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    limits: dict[str, Any] = {
        "timeout": {"attemptDurationSeconds": 1},
        "retryStrategy": {"attempts": 3},
    }
    made = define(cloud, host, tmp_path, "slow", "import time; time.sleep(1e6)", **limits)
    job = made.start()
    state = made.ended(job)
    assert state.status == "FAILED"
    assert "duration exceeded timeout" in state.reason
    (told,) = cloud.client("batch").describe_jobs(jobs=[job])["jobs"]
    assert len(told["attempts"]) == 1


def test_nothing_outlives_the_host(cloud: Cloud, tmp_path: Path) -> None:
    with LambdaHost(cloud, tmp_path / "host") as host:
        made = define(cloud, host, tmp_path, "outlives", DEAF)
        made.start()
        eventually(lambda: "ready" in made.said())
        number = int(made.said().split()[1])
        assert lives(number)
    eventually(lambda: not lives(number))
    assert not list(tmp_path.rglob("task"))


@pytest.mark.long
def test_a_job_goes_only_where_its_submitter_may_put_it_and_is_of_what_it_may_run(
    cloud: Cloud, host: LambdaHost, tmp_path: Path
) -> None:
    ours = define(cloud, host, tmp_path, "ours", "print('done')")
    other = define(cloud, host, tmp_path, "other", "print('done')")
    prefix = ours.definition.rpartition(":")[0]
    submitting = [allow("batch:SubmitJob", each) for each in (ours.queue, prefix, f"{prefix}:*")]
    seeing = allow(["batch:ListJobs", "batch:DescribeJobs"], "*")
    role = make_role(cloud, "submitter", *submitting, seeing)
    client = cloud.client_as("batch", role)
    job = Batch(ours.queue, prefix, client).submit("", "allowed", Size(1))
    assert ours.ended(job).succeeded
    for queue, definition in ((other.queue, prefix), (ours.queue, other.definition)):
        call = {"jobName": "x", "jobQueue": queue, "jobDefinition": definition}
        assert refused(client.submit_job, **call)
    assert refused(client.terminate_job, jobId=job, reason="x")

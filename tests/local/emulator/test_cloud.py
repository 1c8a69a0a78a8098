"""The embedded cloud: private, strict where AWS is, and gone when it ends."""

import http.client
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from infra.iam import never_over
from local.emulator.cloud import Cloud, CloudFailed
from snapper.machine import watchdog
from snapper.machine.children import ROOT
from tests.support.cloud import (
    LONGEST,
    allow,
    document,
    eventually,
    lives,
    make_role,
    refused,
)


def status(cloud: Cloud, path: str, headers: dict[str, str], method: str = "GET") -> int:
    """What the emulator answers to a request as a web page could send it."""
    context = ssl.create_default_context(cafile=str(cloud.ca_bundle))
    connection = http.client.HTTPSConnection(cloud.address, context=context, timeout=LONGEST)
    try:
        connection.request(method, path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_its_root_may_do_everything(cloud: Cloud) -> None:
    cloud.client("s3").create_bucket(Bucket="roots-own")
    assert not refused(cloud.client("s3").list_objects_v2, Bucket="roots-own")


def test_a_role_without_a_right_is_refused(cloud: Cloud) -> None:
    cloud.client("s3").create_bucket(Bucket="closed")
    stranger = cloud.client_as("s3", make_role(cloud, "stranger"))
    assert refused(stranger.list_objects_v2, Bucket="closed")


def test_a_role_may_do_what_it_has_a_right_to_and_no_more(cloud: Cloud) -> None:
    cloud.client("s3").create_bucket(Bucket="half-open")
    writer = make_role(cloud, "writer", allow("s3:PutObject", "arn:aws:s3:::half-open/*"))
    s3 = cloud.client_as("s3", writer)
    assert not refused(s3.put_object, Bucket="half-open", Key="a", Body=b"a")
    assert refused(s3.get_object, Bucket="half-open", Key="a")


@pytest.mark.parametrize("key", ["test", "000000000000", "AKIAGUESSED"])
def test_nobody_is_root_without_its_key(cloud: Cloud, key: str) -> None:
    guessed = {"aws_access_key_id": key, "aws_secret_access_key": "test"}
    with pytest.raises(ClientError, match="403"):
        cloud._build("sqs", **guessed).list_queues()


def test_without_a_key_nothing_is_told(cloud: Cloud) -> None:
    cloud.client("s3").create_bucket(Bucket="private")
    assert status(cloud, "/private", {}) == 403


def test_a_presigned_address_works(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="shared")
    s3.put_object(Bucket="shared", Key="a", Body=b"a")
    target = {"Bucket": "shared", "Key": "a"}
    signed = urlsplit(s3.generate_presigned_url("get_object", Params=target))
    assert status(cloud, f"{signed.path}?{signed.query}", {}) == 200


def test_a_wrong_signature_is_refused(cloud: Cloud) -> None:
    given = cloud.credentials(make_role(cloud, "forged"), "test")
    identity = {
        "aws_access_key_id": given["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": "guessed",
        "aws_session_token": given["AWS_SESSION_TOKEN"],
    }
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        cloud._build("sqs", **identity).list_queues()


def test_who_may_send_a_message_may_send_a_batch(cloud: Cloud) -> None:
    url = cloud.client("sqs").create_queue(QueueName="letters")["QueueUrl"]
    arn = f"arn:aws:sqs:{cloud.region}:{cloud.account}:letters"
    sender = cloud.client_as("sqs", make_role(cloud, "sender", allow("sqs:SendMessage", arn)))
    entries = [{"Id": "1", "MessageBody": "one"}]
    assert not refused(sender.send_message_batch, QueueUrl=url, Entries=entries)
    assert refused(sender.receive_message, QueueUrl=url)


def test_parameters_are_listed_with_a_right_to_their_path_alone(cloud: Cloud) -> None:
    ssm = cloud.client("ssm")
    for name in ("/app/open/a", "/app/closed/b"):
        ssm.put_parameter(Name=name, Value="x", Type="String")
    arn = f"arn:aws:ssm:{cloud.region}:{cloud.account}:parameter/app/open"
    lister = make_role(cloud, "lister", allow("ssm:GetParametersByPath", arn))
    listing = cloud.client_as("ssm", lister).get_parameters_by_path
    assert not refused(listing, Path="/app/open")
    assert refused(listing, Path="/app/closed")
    assert refused(listing, Path="/app")


def test_a_right_to_all_streams_of_a_log_group_is_a_right_to_write_one(cloud: Cloud) -> None:
    cloud.client("logs").create_log_group(logGroupName="/mine")
    arn = f"arn:aws:logs:{cloud.region}:{cloud.account}:log-group:/mine:*"
    logs = cloud.client_as("logs", make_role(cloud, "logger", allow("logs:CreateLogStream", arn)))
    stream = {"logGroupName": "/mine", "logStreamName": "one"}
    assert not refused(logs.create_log_stream, **stream)
    event = {"timestamp": int(time.time() * 1000), "message": "hello"}
    assert refused(logs.put_log_events, **stream, logEvents=[event])


def test_a_bucket_for_tls_alone_refuses_what_came_without(cloud: Cloud) -> None:
    bucket = "arn:aws:s3:::guarded"
    cloud.client("s3").create_bucket(Bucket="guarded")
    by_tls_only = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket, f"{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    cloud.client("s3").put_bucket_policy(Bucket="guarded", Policy=document(by_tls_only))
    s3 = cloud.client_as("s3", make_role(cloud, "tls", allow("s3:*", f"{bucket}/*")))
    assert not refused(s3.put_object, Bucket="guarded", Key="a", Body=b"a")

    def without_tls(request: Any, **_: object) -> None:
        # The emulator itself listens by TLS only; so would a proxy before it say what came in.
        request.headers["X-Forwarded-Proto"] = "http"

    s3.meta.events.register("before-sign.s3", without_tls)
    assert refused(s3.put_object, Bucket="guarded", Key="b", Body=b"b")


def test_a_bucket_in_which_nothing_may_be_replaced_takes_what_is_new(cloud: Cloud) -> None:
    """By the condition keys of "Enforce conditional writes on Amazon S3 buckets"."""
    bucket, made = "arn:aws:s3:::written-once", {"Bucket": "written-once", "Body": b"a"}
    cloud.client("s3").create_bucket(Bucket="written-once")
    policy = document(never_over(bucket))
    cloud.client("s3").put_bucket_policy(Bucket="written-once", Policy=policy)
    s3 = cloud.client_as("s3", make_role(cloud, "once", allow("s3:*", f"{bucket}/*")))
    assert refused(s3.put_object, **made, Key="a.sql.gz")
    assert not refused(s3.put_object, **made, Key="a.sql.gz", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(**made, Key="a.sql.gz", IfNoneMatch="*")
    assert not refused(s3.put_object, **made, Key="a.txt")
    copy = {"Bucket": "written-once", "CopySource": "written-once/a.txt"}
    assert refused(s3.copy_object, **copy, Key="b.manifest.json")
    upload = {"Bucket": "written-once", "Key": "c.sql.gz"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=b"a")
    whole = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    assert refused(s3.complete_multipart_upload, **upload, MultipartUpload=whole)
    s3.complete_multipart_upload(**upload, MultipartUpload=whole, IfNoneMatch="*")


def test_it_does_not_speak_without_tls(cloud: Cloud) -> None:
    connection = http.client.HTTPConnection(cloud.address, timeout=LONGEST)
    connection.request("GET", "/_ministack/health")
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.getresponse()
    connection.close()


@pytest.mark.parametrize(
    "sign",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Host": "evil.example"},
        {"Host": "localhost"},
    ],
)
def test_a_web_page_is_refused(cloud: Cloud, sign: dict[str, str]) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        assert status(cloud, "/_ministack/health", sign, method) == 403


def test_its_administration_is_closed(cloud: Cloud) -> None:
    assert status(cloud, "/_ministack/health", {}) == 200
    assert status(cloud, "/_ministack/reset", {}, "POST") == 403
    assert status(cloud, "/_ministack/config", {}, "POST") == 403
    assert status(cloud, "/_aws/sqs/messages", {}) == 403


def test_the_machines_own_aws_profile_and_proxy_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "company")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with Cloud.start(tmp_path) as cloud:
        assert cloud.client("s3").list_buckets()["Buckets"] == []


def test_a_child_process_finds_it_by_the_environment_alone(cloud: Cloud) -> None:
    program = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=cloud.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == f"arn:aws:iam::{cloud.account}:root"


def test_two_clouds_side_by_side_know_nothing_of_each_other(cloud: Cloud, tmp_path: Path) -> None:
    cloud.client("sqs").create_queue(QueueName="here")
    with Cloud.start(tmp_path) as other:
        assert not other.client("sqs").list_queues().get("QueueUrls")
        with pytest.raises(ClientError):
            other._build("sqs", **cloud._root).list_queues()


def test_it_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Folders of the test's own: in the machine's lie other people's things.
    temporary, home = tmp_path / "temporary", tmp_path / "home"
    for folder, variable in ((temporary, "TMPDIR"), (home, "HOME")):
        folder.mkdir()
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    cloud = Cloud.start(tmp_path)
    assert cloud._child
    processes = watchdog.family([cloud._child.pid])
    cloud.client("s3").create_bucket(Bucket="some")
    cloud.client("s3").put_object(Bucket="some", Key="a", Body=b"a" * 1_000_000)
    cloud.stop()
    # With its processes their ports are free.
    eventually(lambda: not watchdog.alive(processes))
    assert {path.name for path in tmp_path.iterdir()} == {"emulator", "home", "temporary"}
    assert not [*temporary.iterdir(), *home.iterdir()]


def test_stopping_twice_is_no_error(tmp_path: Path) -> None:
    cloud = Cloud.start(tmp_path)
    cloud.stop()
    cloud.stop()


def test_it_does_not_outlive_a_maker_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time, pathlib; from local.emulator.cloud import Cloud; "
        "cloud = Cloud.start(pathlib.Path(sys.argv[1])); "
        "print(cloud._child.pid, flush=True); time.sleep(3600)"
    )
    maker = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert maker.stdout
    with maker, maker.stdout as output:
        emulator = int(output.readline())
        assert lives(emulator)
        os.kill(maker.pid, signal.SIGKILL)
    eventually(lambda: not lives(emulator))


def test_one_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho something is missing >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr("local.emulator.cloud.sys.executable", str(broken))
    with pytest.raises(CloudFailed, match=r"did not start.*\nsomething is missing") as told:
        Cloud.start(tmp_path)
    assert "emulator.log" in told.value.hint

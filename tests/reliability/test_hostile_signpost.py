"""Whoever may write a stage's signpost leads its operators nowhere else.

Every command reads the signpost first. It is rewritten in every field, and as whole texts that are
none; then it names the bucket of another stage, as one that may write it, and nothing else, could.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from snapper.values.job import Job
from snapper.values.settings import parameter_root, service_parameter
from tests.support.databases import AT
from tests.support.faults import faulted
from tests.support.few import few
from tests.support.stage import NAME, StageUnderTest

FIELDS = "signpost: one field names a stranger's"
TEXTS = "signpost: it is no signpost"
LETTERS = "dead letters: hidden by whoever may look"
SIGNPOST = service_parameter(parameter_root(NAME))
STRANGERS = {
    "region": ["us-west-2", "", "x"],
    "parameter_root": ["/snapper/other", "/", ""],
    "bucket": ["*", "", "a/b", "x" * 4000],
    "queue_url": ["https://evil.example/000000000000/snapper-tried-jobs", "x", "a/b/c", ""],
    "dead_letter_url": ["https://127.0.0.1:1/000000000000/snapper-tried-dead-letters", ""],
    "dispatcher": ["payroll", "snapper-tried-dumper", ""],
    "dumper": ["payroll", "snapper-tried2-dumper", "arn:aws:lambda:us-east-1:6:function:x"],
    "schedule": ["\x1b[2J", "rate(1 day)\n", ""],
    "kms_key_arn": ["*", "arn:aws:kms:us-east-1:000000000000:key/*"],
    "topic": ["*", "arn:aws:sns:us-east-1:000000000000:other"],
    "replica_bucket": ["*", "snapper-tried-1", "replica-snapper-other-000000000000", "a/b"],
    "replica_region": ["x", "eu-west-1\n", "*"],
    "replica_account": ["1", "000000000000 ", "x" * 12],
    "replica_kms_key_arn": ["*", "arn:aws:kms:eu-west-1:000000000000:key/*"],
    "version": ["\ud800", "\u202e1", ""],
}
COMMANDS = (("list",), ("status",), ("run",), ("retry",), ("prune",), ("policy", "operate"))
NO_SIGNPOSTS = ("x", "[]", "null", "[" * 4000, '{"a": 1e999}', '"\\ud800"', "{}", " ")


@pytest.fixture
def true(stage: StageUnderTest) -> Iterator[dict[str, Any]]:
    """What the deployment wrote, which stands there again afterwards."""
    stage.settle()
    text = stage.cloud.client("ssm").get_parameter(Name=SIGNPOST)["Parameter"]["Value"]
    yield json.loads(text)
    write(stage, text)


def write(stage: StageUnderTest, text: str) -> None:
    ssm = stage.cloud.client("ssm")
    ssm.put_parameter(Name=SIGNPOST, Value=text, Type="String", Overwrite=True)


@contextmanager
def bucket(stage: StageUnderTest, name: str, /, **tags: str) -> Iterator[None]:
    s3, listed = stage.cloud.client("s3"), [{"Key": k, "Value": v} for k, v in tags.items()]
    s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": listed})
    try:
        yield
    finally:
        s3.delete_bucket(Bucket=name)


@pytest.mark.parametrize("field", few(STRANGERS, 3))
def test_a_field_that_names_a_strangers_stops_every_command(
    stage: StageUnderTest, true: dict[str, Any], field: str
) -> None:
    for value in STRANGERS[field]:
        write(stage, json.dumps({**true, field: value}))
        for command in COMMANDS:
            with faulted(FIELDS):
                ran = stage.run_cli(*command)
                assert (ran.code, ran.out) == (2, "")
                assert f"names what is not of the stage {NAME}: {field} is '" in ran.err
                assert "Traceback" not in ran.err
                assert ran.err.isascii()


def test_what_is_no_signpost_stops_every_command(
    stage: StageUnderTest, true: dict[str, Any]
) -> None:
    for text in (*NO_SIGNPOSTS, json.dumps({**true, "bucket": {"a": 1}})):
        write(stage, text)
        for command in COMMANDS:
            with faulted(TEXTS):
                ran = stage.run_cli(*command)
                assert (ran.code, ran.out) == (2, "")
                assert "another release" in ran.err


def test_the_bucket_of_another_stage_is_refused_while_that_stage_is_there(
    stage: StageUnderTest, true: dict[str, Any]
) -> None:
    theirs = "snapper-dev-2026112601123456780000000a"
    ssm, name = stage.cloud.client("ssm"), service_parameter(parameter_root("dev"))
    with bucket(stage, theirs, project="snapper", stage="dev"):
        write(stage, json.dumps({**true, "bucket": theirs}))
        ssm.put_parameter(Name=name, Value=json.dumps({**true, "bucket": theirs}), Type="String")
        for command in (("list",), ("status",), ("prune",), ("verify",), ("download", "shop")):
            with faulted(FIELDS):
                ran = stage.run_cli(*command)
                assert (ran.code, ran.out) == (2, "")
                assert f"the bucket {theirs}, which the stage tried names, is that of" in ran.err
        ssm.delete_parameter(Name=name)
        # Nobody's any more: as the README says, a stage may adopt such a bucket, tags and all.
        ran = stage.run_cli("list")
        assert (ran.code, "has the tag of the stage dev" in ran.err) == (0, True)


def test_an_adopted_bucket_works_with_a_warning_until_its_tags_are_this_stages(
    stage: StageUnderTest, true: dict[str, Any]
) -> None:
    with bucket(stage, "an-older-bucket"):
        write(stage, json.dumps({**true, "bucket": "an-older-bucket"}))
        ran = stage.run_cli("list")
        assert ran.code == 0
        assert "warning: the bucket an-older-bucket has no tag of a stage" in ran.err
    with bucket(stage, "an-older-bucket", project="snapper", stage=NAME):
        assert "warning" not in stage.run_cli("list").err


def test_a_policy_that_an_older_release_printed_works_with_a_warning(
    stage: StageUnderTest,
) -> None:
    older = stage.run_cli("policy", "read").document
    for each in older["Statement"]:
        each["Action"] = [one for one in each["Action"] if one != "s3:GetBucketTagging"]
    ran = stage.run_cli("list", env=stage.as_role(older))
    assert (ran.code, "s3:GetBucketTagging" in ran.err) == (0, True)
    assert "warning" not in stage.run_cli("list").err


def test_whoever_may_look_hides_no_dead_letter(stage: StageUnderTest) -> None:
    stage.settle()
    stage.post_dead_letter(Job("shop", AT).to_json())
    env = stage.as_role(stage.run_cli("policy", "read").out)
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    sqs = stage.cloud.client_with("sqs", {name: env[name] for name in names})
    root, url = stage.cloud.client("sqs"), stage.deployment.outputs["dead_letter_url"]
    receipt = root.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"][0]
    handle = {"QueueUrl": url, "ReceiptHandle": receipt["ReceiptHandle"]}
    for call, arguments in {
        "receive_message": {"QueueUrl": url, "VisibilityTimeout": 43200},
        "change_message_visibility": {**handle, "VisibilityTimeout": 43200},
        "delete_message": handle,
        "purge_queue": {"QueueUrl": url},
        "set_queue_attributes": {"QueueUrl": url, "Attributes": {"MessageRetentionPeriod": "60"}},
    }.items():
        with faulted(LETTERS):
            with pytest.raises(Exception, match="AccessDenied"):
                getattr(sqs, call)(**arguments)
            assert stage.run_cli("status", "--json").document["dead_letters"] == 1
    with faulted(LETTERS):
        # Somebody who may read them, and hides them for as long as SQS allows.
        root.receive_message(QueueUrl=url, VisibilityTimeout=43200)
        ran = stage.run_cli("status", "--json")
        assert (ran.code, ran.document["dead_letters"]) == (1, 1)
    stage.settle()

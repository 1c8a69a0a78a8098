"""A stolen role harms no other stage, and of its own reads, replaces and forges nothing.

Two stages share an account, one's name being the beginning of the other's. With the credentials of
each function everything is tried that could be of use to a thief. What a dumper may do is stated
too: it may read every connection of its own stage, because any of them may be its next job.
"""

import functools
import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.values.keys import DUMPS, LISTS, Kind
from snapper.values.settings import (
    options_path,
    parameter_root,
)
from tests.support.belongings import KEY, Attempt, Belongings
from tests.support.cloud import refused
from tests.support.deployments import bring_up
from tests.support.faults import faulted
from tests.support.rights import Rights, listed
from tests.support.stage import NAME, StageUnderTest

FAMILY = "iam: a stolen role reaches for what it must not"
OTHER = f"{NAME}2"
GROUP = "/aws/lambda/"


def s3(call: str, **more: Any) -> Attempt:
    return Attempt("s3", call, lambda it: {"Bucket": it["bucket"], **more})


def sqs(call: str, queue: str, **more: Any) -> Attempt:
    return Attempt("sqs", call, lambda it: {"QueueUrl": it[queue], **more})


BACKUP = {"Key": f"{KEY}/2026-11-23T03-00-00Z.sql.gz"}
UPLOAD = {**BACKUP, "UploadId": "0"}
OPEN = {"Status": "Suspended"}
JOB = {"MessageBody": "a job"}

STEM = f"{KEY}/2026-11-23T03-00-00Z"


def put(end: str, **more: Any) -> Attempt:
    return s3("put_object", **{"Key": f"{STEM}{end}", "Body": b"x", **more})


ONCE = {"IfNoneMatch": "*"}
WRITE = tuple(
    put(end, **ONCE) for end in (*DUMPS, *LISTS, ".manifest.json", ".begun-2026-11-23T04-00-00Z")
)
TRIAL = {"Key": f"{KEY}/last-trial.verification.json"}
# What says of a backup how it is, is the prover's alone.
JUDGE = (put(".verification.json"), put(".damaged.json"), put("", **TRIAL))
RECORDS = (
    *(
        s3("get_object", Key=f"{STEM}{kind}")
        for kind in (Kind.MANIFEST, Kind.VERIFICATION, Kind.DAMAGED)
    ),
    s3("get_object", **TRIAL),
)
READ = (
    *RECORDS,
    *(s3("get_object", Key=f"{STEM}{kind}") for kind in (*DUMPS, *LISTS)),
    s3("head_object", **BACKUP),
)
SUMMARIZE = (put("", Key="_summary/0.gz"), s3("get_object", Key="_summary/0.gz"))
# What is there is nobody's to replace.
FORGE = (
    put(".sql.gz"),
    put(".manifest.json"),
    put(".contents.json"),
    put(".sql.gz.age"),
    put(".contents.json.age"),
    put("", Key=f"{KEY}/anything"),
    put("", Key="2026-11-23T03-00-00Z.sql.gz", **ONCE),
    s3("copy_object", Key=f"{STEM}.sql.gz", CopySource="elsewhere/x"),
    s3("put_object_tagging", **BACKUP, Tagging={"TagSet": []}),
    s3("put_object_acl", **BACKUP, ACL="private"),
    s3("put_bucket_notification_configuration", NotificationConfiguration={}),
)
LIST = (s3("list_objects_v2"),)
DELETE = tuple(s3("delete_object", Key=f"{STEM}{kind}") for kind in Kind)
SECRETS = (
    Attempt("ssm", "get_parameter", lambda it: {"Name": it.connection}),
    Attempt("ssm", "get_parameter", lambda it: {"Name": it.retention}),
)
NAMES = (
    Attempt("ssm", "get_parameters_by_path", lambda it: {"Path": it.retention.rpartition("/")[0]}),
)
SEND = (sqs("send_message", "queue_url", **JOB),)
OPTIONS = (
    Attempt(
        "ssm",
        "get_parameters_by_path",
        lambda it: {"Path": options_path(parameter_root(it.stage))},
    ),
)
DRILL = (
    sqs("send_message", "drills_url", **JOB),
    sqs("receive_message", "drills_url"),
    sqs("get_queue_attributes", "drills_url", AttributeNames=["All"]),
)
GIVE_UP = (sqs("send_message", "dead_letter_url", **JOB),)
TAKE = (
    sqs("receive_message", "queue_url"),
    sqs("get_queue_attributes", "queue_url", AttributeNames=["All"]),
)


def log_of(part: str) -> Attempt:
    return Attempt("logs", "filter_log_events", lambda it: {"logGroupName": f"{GROUP}{it[part]}"})


def call_of(part: str) -> Attempt:
    return Attempt("lambda", "invoke", lambda it: {"FunctionName": it[part]})


OTHERS = ("dumper", "dispatcher", "pruner", "prover")
OWN_LOG = (log_of("watcher"),)
TELL = (Attempt("sns", "publish", lambda it: {"TopicArn": it["topic"], "Message": "x"}),)

NOBODYS = (
    *map(log_of, OTHERS),
    # Who else is told, and of what.
    Attempt("sns", "subscribe", lambda it: {"TopicArn": it["topic"], "Protocol": "sms"}),
    Attempt("sns", "list_subscriptions_by_topic", lambda it: {"TopicArn": it["topic"]}),
    # What else lies in the vault, and the versions by which a deleted backup is recovered.
    s3("get_object", Key=f"{KEY}/notes.txt"),
    s3("get_object", **BACKUP, VersionId="null"),
    s3("delete_object", **BACKUP, VersionId="null"),
    s3("delete_object", Key=f"{KEY}/last-trial.verification.json"),
    s3("delete_object", Key=f"{KEY}/notes.txt"),
    s3("list_object_versions"),
    s3("list_multipart_uploads"),
    s3("list_parts", **UPLOAD),
    # The vault's own rules.
    s3("put_bucket_versioning", VersioningConfiguration=OPEN),
    s3("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": []}),
    s3("put_bucket_policy", Policy="{}"),
    s3("delete_bucket_policy"),
    s3("delete_public_access_block"),
    s3("delete_bucket"),
    # All secrets at once, new ones, and where everything is.
    Attempt("ssm", "get_parameters_by_path", lambda it: {"Path": parameter_root(it.stage)}),
    Attempt("ssm", "get_parameters_by_path", lambda it: {"Path": it.connection.rpartition("/")[0]}),
    Attempt(
        "ssm",
        "put_parameter",
        lambda it: {"Name": it.connection, "Value": "x", "Type": "String", "Overwrite": True},
    ),
    Attempt("ssm", "delete_parameter", lambda it: {"Name": it.connection}),
    Attempt("ssm", "get_parameter", lambda it: {"Name": it.signpost}),
    # The queues' contents and rules, other functions, other rights.
    sqs("receive_message", "dead_letter_url"),
    sqs("purge_queue", "queue_url"),
    sqs("purge_queue", "drills_url"),
    sqs("set_queue_attributes", "queue_url", Attributes={"VisibilityTimeout": "0"}),
    *map(call_of, OTHERS),
    Attempt("lambda", "get_function", lambda it: {"FunctionName": it["dumper"]}),
    Attempt("iam", "get_role", lambda it: {"RoleName": it["dumper"]}),
    Attempt(
        "iam",
        "put_role_policy",
        lambda it: {"RoleName": it["dumper"], "PolicyName": "x", "PolicyDocument": "{}"},
    ),
)

ALL = (
    *(*WRITE, *JUDGE, *READ, *SUMMARIZE, *FORGE, *LIST, *DELETE, *SECRETS, *NAMES, *OPTIONS),
    *(*SEND, *GIVE_UP, *TAKE, *DRILL, *OWN_LOG, *TELL, *NOBODYS),
)
ALLOWED = {
    "dumper": {*WRITE, *LIST, *SECRETS, *NAMES, *SEND, *TAKE},
    "prover": {*READ, *JUDGE, *LIST, *NAMES, *OPTIONS, *DRILL, *GIVE_UP},
    "pruner": {*LIST, *DELETE, *NAMES, *GIVE_UP},
    "watcher": {*LIST, *RECORDS, *SUMMARIZE, *NAMES, *OPTIONS, *OWN_LOG, *TELL},
    "dispatcher": {*NAMES, *OPTIONS, *SEND, *GIVE_UP},
}
EACH = pytest.mark.parametrize("part", ALLOWED)


@pytest.fixture(scope="module")
def other(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Belongings]:
    """A second stage of the same account, which deploys and is destroyed beside the first."""
    with LambdaHost(cloud, tmp_path_factory.mktemp("other")) as host:
        deployment = bring_up(cloud, host, OTHER)
        try:
            yield Belongings(OTHER, deployment)
        finally:
            deployment.destroy()


@pytest.fixture
def own(stage: StageUnderTest) -> Iterator[Belongings]:
    """The stage whose role is stolen; nobody serves its queues meanwhile."""
    with stage.database(KEY, "postgresql://reader:hush@127.0.0.1:1/x"), stage.unserved():
        yield Belongings(NAME, stage.deployment)


class Thief:
    """Somebody with the credentials of a role."""

    def __init__(self, cloud: Cloud, role: str) -> None:
        arn = cloud.client("iam").get_role(RoleName=role)["Role"]["Arn"]
        self._client = functools.cache(lambda service: cloud.client_as(service, arn))

    def may(self, attempt: Attempt, at: Belongings) -> bool:
        """Make an attempt, and tell whether it was not refused."""
        call = getattr(self._client(attempt.service), attempt.call)
        try:
            return not refused(call, **attempt.arguments(at))
        except ClientError as error:
            # A HEAD is refused without words; all else came as far as the service itself.
            return bool(error.response["Error"]["Code"] != "403")


@EACH
def test_a_role_reaches_nothing_of_another_stage(
    stage: StageUnderTest, own: Belongings, other: Belongings, part: str
) -> None:
    thief = Thief(stage.cloud, own[part])
    for attempt in ALL:
        with faulted(FAMILY):
            assert not thief.may(attempt, other), str(attempt)


@EACH
def test_of_its_own_stage_a_role_reaches_its_work_and_no_more(
    stage: StageUnderTest, own: Belongings, part: str
) -> None:
    thief = Thief(stage.cloud, own[part])
    for attempt in ALL:
        with faulted(FAMILY):
            assert thief.may(attempt, own) == (attempt in ALLOWED[part]), str(attempt)


@EACH
def test_no_resource_of_a_role_covers_any_of_another_stage(
    stage: StageUnderTest, other: Belongings, part: str
) -> None:
    theirs = {
        made.outputs["arn"] for made in other.deployment.registrations if "arn" in made.outputs
    }
    ours = {made.outputs["arn"] for made in stage.deployment.registrations if "arn" in made.outputs}
    assert len(theirs) > 20
    statements = Rights(stage.cloud, stage.deployment.outputs[part]).statements
    patterns = [
        resource
        for one in statements
        # Some of EC2's actions know no resource, and no stage has any of its own there.
        if not all(action.startswith("ec2:") for action in listed(one["Action"]))
        for resource in listed(one["Resource"])
    ]
    for pattern in patterns:
        covered = [arn for arn in theirs if fnmatchcase(arn, pattern)]
        assert not covered, f"{pattern} covers {covered}"
    assert any(fnmatchcase(arn, pattern) for pattern in patterns for arn in ours)


def test_a_role_is_lambdas_alone(stage: StageUnderTest) -> None:
    for role in stage.deployment.of_type("aws:iam/role:Role"):
        (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}

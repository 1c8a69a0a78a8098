"""Operators' policies: each command's needs, and nothing that its holder should not have."""

import dataclasses
import re
from fnmatch import fnmatch
from typing import Any

import pytest

from snapper.aws.policies import Rights, policy
from snapper.errors import SettingsError
from snapper.values.service import Service

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234"
SERVICE = Service(
    version="1.0.0",
    region="eu-central-1",
    parameter_root="/snapper/prod",
    bucket="snapper-prod-1",
    queue_url="https://sqs.eu-central-1.amazonaws.com/123456789012/snapper-prod-jobs",
    dead_letter_url="https://sqs.eu-central-1.amazonaws.com/123456789012/snapper-prod-dead-letters",
    dispatcher="snapper-prod-dispatcher",
    dumper="snapper-prod-dumper",
    schedule="rate(1 day)",
    kms_key_arn="",
    topic="arn:aws:sns:eu-central-1:123456789012:snapper-prod-alarms",
    pruner="snapper-prod-pruner",
    prover="snapper-prod-prover",
    restore_queue="arn:aws:batch:eu-central-1:123456789012:job-queue/snapper-prod-large-restores",
    restore_definition="arn:aws:batch:eu-central-1:123456789012:job-definition/snapper-prod-large-restores",
    restore_log_group="/aws/batch/snapper-prod-large-restores",
)
DUMP = "arn:aws:s3:::snapper-prod-1/orders/2026-11-23T03-00-00Z.sql.gz"
MANIFEST = "arn:aws:s3:::snapper-prod-1/orders/2026-11-23T03-00-00Z.manifest.json"
CONTENTS = "arn:aws:s3:::snapper-prod-1/orders/2026-11-23T03-00-00Z.contents.json"
LATE = "arn:aws:s3:::snapper-prod-1/orders/2026-11-23T03-00-00Z.begun-2026-11-23T04-30-00Z"
VERDICTS = (
    "arn:aws:s3:::snapper-prod-1/orders/2026-11-23T03-00-00Z.verification.json",
    "arn:aws:s3:::snapper-prod-1/orders/2026-11-23T03-00-00Z.damaged.json",
)
CONNECTION = "arn:aws:ssm:eu-central-1:123456789012:parameter/snapper/prod/DATABASE_CONN_STRINGS/a"


def statements(rights: Rights, service: Service = SERVICE) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = policy(service, rights)["Statement"]
    return found


def allows(rights: Rights, action: str, resource: str) -> bool:
    return any(
        action in each["Action"] and any(fnmatch(resource, name) for name in each["Resource"])
        for each in statements(rights)
    )


@pytest.mark.parametrize("rights", Rights)
def test_nobody_reads_a_connection_or_writes_a_backup(rights: Rights) -> None:
    assert not allows(rights, "ssm:GetParameter", CONNECTION)
    assert not allows(rights, "s3:PutObject", DUMP)
    assert not allows(rights, "s3:PutObject", MANIFEST)


@pytest.mark.parametrize("rights", Rights)
def test_nothing_is_allowed_on_everything_but_what_has_no_narrower_right(rights: Rights) -> None:
    for statement in statements(rights):
        assert "*" not in statement["Resource"] or statement["Action"] == ["batch:ListJobs"]
        assert not [action for action in statement["Action"] if "*" in action]


def test_who_may_look_reads_manifests_and_verdicts_and_no_dump() -> None:
    assert allows(Rights.READ, "s3:GetObject", MANIFEST)
    for holding_rows in (DUMP, CONTENTS):
        assert not allows(Rights.READ, "s3:GetObject", holding_rows)
    for verdict in VERDICTS:
        assert allows(Rights.READ, "s3:GetObject", verdict)
        assert not allows(Rights.READ, "s3:PutObject", verdict)
    assert not allows(Rights.READ, "s3:DeleteObject", DUMP)


def test_who_may_look_counts_dead_letters_and_cannot_hide_them() -> None:
    letters = "arn:aws:sqs:eu-central-1:123456789012:snapper-prod-dead-letters"
    assert allows(Rights.READ, "sqs:GetQueueAttributes", letters)
    hiding = {"sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage"}
    assert not {action for each in statements(Rights.READ) for action in each["Action"]} & hiding
    assert allows(Rights.RESTORE, "sqs:ReceiveMessage", letters)


def test_who_may_restore_reads_dumps_and_records_verdicts() -> None:
    for read in (DUMP, CONTENTS):
        assert allows(Rights.RESTORE, "s3:GetObject", read)
    for verdict in VERDICTS:
        assert allows(Rights.RESTORE, "s3:PutObject", verdict)
    for kept in (DUMP, *VERDICTS):
        assert not allows(Rights.RESTORE, "s3:DeleteObject", kept)


def test_who_may_operate_deletes_what_is_ours_and_nothing_else() -> None:
    for ours in (DUMP, MANIFEST, CONTENTS, LATE, *VERDICTS):
        assert allows(Rights.OPERATE, "s3:DeleteObject", ours)
    assert not allows(Rights.OPERATE, "s3:DeleteObject", "arn:aws:s3:::snapper-prod-1/notes.txt")


def test_each_has_the_rights_of_the_ones_before() -> None:
    less, more, most = map(statements, (Rights.READ, Rights.RESTORE, Rights.OPERATE))
    assert more[: len(less)] == less
    assert most[: len(more)] == more


def test_who_may_restore_in_the_cloud_orders_and_follows_and_reads_no_backup() -> None:
    mine = Rights.RESTORE_IN_CLOUD
    for named in (SERVICE.restore_queue, f"{SERVICE.restore_definition}:3"):
        assert allows(mine, "batch:SubmitJob", named)
    assert allows(mine, "s3:GetObject", MANIFEST)
    for holding_rows in (DUMP, CONTENTS):
        assert not allows(mine, "s3:GetObject", holding_rows)
    changing = {"s3:PutObject", "s3:DeleteObject", "sqs:SendMessage", "lambda:InvokeFunction"}
    assert not {action for each in statements(mine) for action in each["Action"]} & changing
    for less in (Rights.READ, Rights.RESTORE):
        assert "batch:" not in repr(statements(less))
    for each in statements(mine)[-3:]:
        assert each in statements(Rights.OPERATE)


@pytest.mark.parametrize(
    ("log_group", "line"),
    [
        ("", "^pulumi config set largeDatabases true --stack prod && pulumi config set --secret"),
        ("/aws/batch/snapper-prod-large", "^pulumi config set --secret RESTORE_CONN_STRINGS"),
    ],
)
def test_a_stage_without_such_containers_says_the_line_to_type(log_group: str, line: str) -> None:
    without = dataclasses.replace(SERVICE, restore_queue="", container_log_group=log_group)
    with pytest.raises(SettingsError, match="has no containers that restore") as raised:
        policy(without, Rights.RESTORE_IN_CLOUD)
    assert re.search(line, raised.value.hint)
    assert "batch:" not in repr(statements(Rights.OPERATE, without))


def test_the_customers_key_is_used_through_the_services_that_encrypt_with_it() -> None:
    with_key = dataclasses.replace(SERVICE, kms_key_arn=KEY)
    used = {
        (action, each["Condition"]["StringEquals"]["kms:ViaService"].split(".")[0])
        for each in statements(Rights.RESTORE, with_key)
        for action in each["Action"]
        if each["Resource"] == [KEY] and each["Action"] != ["kms:DescribeKey"]
    }
    assert "kms:DescribeKey" in repr(statements(Rights.READ, with_key))
    assert used == {("kms:Decrypt", "ssm"), ("kms:Decrypt", "s3"), ("kms:GenerateDataKey", "s3")}
    assert "kms" not in repr(statements(Rights.OPERATE))


def test_who_may_look_makes_no_data_key() -> None:
    with_key = dataclasses.replace(SERVICE, kms_key_arn=KEY)
    assert "GenerateDataKey" not in repr(statements(Rights.READ, with_key))


def test_who_may_look_sees_who_is_told_of_failures_where_the_deployment_tells_the_topic() -> None:
    action = "sns:ListSubscriptionsByTopic"
    assert allows(Rights.READ, action, SERVICE.topic)
    assert "sns" not in repr(statements(Rights.OPERATE, dataclasses.replace(SERVICE, topic="")))


def test_a_policy_fits_into_what_iam_takes() -> None:
    with_key = dataclasses.replace(SERVICE, kms_key_arn=KEY)
    assert len(repr(policy(with_key, Rights.OPERATE)).replace(" ", "")) < 6144


def test_whoever_operates_calls_the_functions_there_are() -> None:
    function = "arn:aws:lambda:eu-central-1:123456789012:function:"
    parts = ("dumper", "dispatcher", "pruner", "prover")
    for part in parts:
        assert allows(Rights.OPERATE, "lambda:InvokeFunction", f"{function}snapper-prod-{part}")
    older = dataclasses.replace(SERVICE, pruner="", prover="")
    named = [name for each in statements(Rights.OPERATE, older) for name in each["Resource"]]
    assert function not in named
    assert not [name for name in named if name.endswith(("prover:*", "/lambda/:*"))]


def test_whoever_may_look_reads_what_dumper_and_prover_have_logged() -> None:
    group = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/snapper-prod-"
    for part in ("dumper", "prover"):
        assert allows(Rights.READ, "logs:FilterLogEvents", f"{group}{part}:*")

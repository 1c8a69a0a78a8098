"""The second bucket: copies come, stay when the first goes, and nobody of the service harms one."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from tests.support.backups import store_whole
from tests.support.cloud import allow, refused
from tests.support.databases import AT
from tests.support.faults import tried
from tests.support.replicas import keys, replica_of, replicated
from tests.support.rights import Rights, without_a_part
from tests.support.stage import StageUnderTest

pytestmark = pytest.mark.long

ROLES = ("dispatcher", "dumper", "prover", "pruner", "watcher", "replication")
STOPPED, REACHED = "replica: it has stopped", "replica: a role of the stage reaches for a copy"


@pytest.fixture(scope="module")
def there(
    cloud: Cloud, server: Callable[[int], Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StageUnderTest]:
    """Give a stage with a second bucket."""
    with replicated(cloud, tmp_path_factory.mktemp("copied"), server, "copied") as stage:
        yield stage
        stage.deployment.destroy()


@pytest.fixture(autouse=True)
def _empty(there: StageUnderTest) -> None:
    s3 = there.cloud.client("s3")
    for vault in (there.vault, replica_of(there)):
        for found in s3.list_object_versions(Bucket=vault.bucket).get("Versions", ()):
            s3.delete_object(Bucket=vault.bucket, Key=found["Key"], VersionId=found["VersionId"])


def role(stage: StageUnderTest, part: str) -> str:
    return f"arn:aws:iam::{stage.cloud.account}:role/snapper-{stage.name}-{part}"


def test_what_is_stored_is_copied_and_what_is_deleted_stays_there(there: StageUnderTest) -> None:
    made = store_whole(there.vault, AT)
    assert keys(replica_of(there)) == [made.key, made.dump_key]
    pruner = there.cloud.client_as("s3", role(there, "pruner"))
    for key in (made.key, made.dump_key):
        pruner.delete_object(Bucket=there.vault.bucket, Key=key)
    assert keys(there.vault) == []
    assert keys(replica_of(there)) == [made.key, made.dump_key]


def test_no_role_of_the_stage_replaces_deletes_or_reads_a_copy(there: StageUnderTest) -> None:
    made = store_whole(there.vault, AT)
    bucket, replica = replica_of(there).bucket, replica_of(there)
    (version,) = there.cloud.client("s3").list_object_versions(Bucket=bucket, Prefix=made.dump_key)[
        "Versions"
    ]
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    there.cloud.client("iam").update_assume_role_policy(
        RoleName=f"snapper-{there.name}-replication",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    everybody = there.as_role({"Version": "2012-10-17", "Statement": [allow("*", "*")]})
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    clients = {part: there.cloud.client_as("s3", role(there, part), "eu-west-1") for part in ROLES}
    # Whom an account's administrator has allowed everything: the bucket itself refuses them.
    clients["administrator"] = there.cloud.client_with(
        "s3", {name: everybody[name] for name in names}, "eu-west-1"
    )
    for part, s3 in clients.items():
        own = {"Bucket": bucket, "Key": made.dump_key}
        calls: list[tuple[Callable[..., object], dict[str, Any]]] = [
            (s3.put_object, {**own, "Body": b"another"}),
            (s3.delete_object, own),
            (s3.delete_object, {**own, "VersionId": version["VersionId"]}),
            *([] if part == "administrator" else [(s3.get_object, own)]),
        ]
        for call, arguments in calls:
            denied = refused(call, **arguments)
            tried(REACHED, survived=denied)
            assert denied, (part, call)
    assert [each.size for each in replica.list(made.dump_key)] == [made.backup_bytes]


def test_no_right_of_the_role_that_copies_is_superfluous(there: StageUnderTest) -> None:
    rights = Rights(there.cloud, f"snapper-{there.name}-replication")
    superfluous = []
    for number, weakening in enumerate(without_a_part(rights.statements)):
        with rights.weakened(weakening):
            key = f"orders/{number}"
            there.vault.put(key, b"x")
            if key in keys(replica_of(there)):
                superfluous.append(weakening.actions)
    # The embedded cloud copies tags whatever the role may do.
    assert superfluous == [("s3:GetObjectVersionTagging",), ("s3:ReplicateTags",)]


@contextmanager
def stopped(stage: StageUnderTest, how: str) -> Iterator[None]:
    """Let nothing be copied for a while."""
    s3, bucket = stage.cloud.client("s3"), stage.vault.bucket
    if how == "the role may not":
        rights = Rights(stage.cloud, f"snapper-{stage.name}-replication")
        (put,) = [
            each
            for each in without_a_part(rights.statements)
            if "s3:ReplicateObject" in each.actions
        ]
        with rights.weakened(put):
            yield
        return
    rule = s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]
    s3.delete_bucket_replication(Bucket=bucket)
    try:
        yield
    finally:
        s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=rule)


@pytest.mark.parametrize("how", ["the role may not", "the rule is gone"])
def test_a_replica_that_stopped_is_said_by_status_and_is_no_longer_when_it_goes_on(
    there: StageUnderTest, how: str
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with stopped(there, how):
        made = store_whole(there.vault, now - timedelta(hours=5))
        ran = there.run_cli("status", "orders", "--json")
        (finding,) = ran.document["replica"]
        tried(STOPPED, survived=finding["level"] == "failure")
        assert ran.code == 1
        assert f"has no {made.dump_key}" in finding["fact"]
        assert "is not copied: " in there.run_cli("status", "orders").out
    store_whole(there.vault, now - timedelta(hours=3))
    (finding,) = there.run_cli("status", "orders", "--json").document["replica"]
    assert finding["level"] == "ok"


def test_doctor_says_it_too(there: StageUnderTest) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with stopped(there, "the rule is gone"):
        made = store_whole(there.vault, now - timedelta(hours=5))
        ran = there.run_cli("doctor", "orders", "--json")
    (finding,) = [
        each for each in ran.document["findings"]["(stage)"] if each["subject"] == "replica"
    ]
    assert (finding["level"], f"has no {made.dump_key}" in finding["fact"]) == ("failure", True)


def test_a_copy_of_another_size_is_none(there: StageUnderTest) -> None:
    made = store_whole(there.vault, datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5))
    replica_of(there).put(made.dump_key, b"short")
    (finding,) = there.run_cli("status", "orders", "--json").document["replica"]
    assert f"{made.dump_key} has 5 bytes in" in finding["fact"]


def test_that_nobody_can_look_there_is_said(there: StageUnderTest) -> None:
    store_whole(there.vault, datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5))
    policy = there.run_cli("policy", "operate").document
    for each in policy["Statement"]:
        if each["Action"] == ["s3:ListBucket", "s3:ListBucketVersions"]:
            each["Resource"] = ["arn:aws:s3:::nothing"]
    ran = there.run_cli("status", "orders", "--json", env=there.as_role(policy))
    (finding,) = ran.document["replica"]
    assert (finding["level"], "it is not known what is copied" in finding["fact"]) == (
        "warning",
        True,
    )

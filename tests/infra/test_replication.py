"""The second bucket: written by S3 alone as one role, emptied by nobody, kept as the first."""

import json
from typing import Any

import pytest

from infra.settings import SettingsRefused
from tests.infra.conftest import BOUNDARY_ARN, KEY_ARN
from tests.infra.test_functions import BUCKET, rights
from tests.support.recorder import ACCOUNT, REGION, Graph, record

THERE = "eu-west-1"
REPLICA = "arn:aws:s3:::replica-snapper-prod-0123456789"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/snapper-prod-replication"
OTHER = "210987654321"
OTHER_KEY = KEY_ARN.replace(REGION, THERE)


def copied(**parts: Any) -> str:
    return json.dumps({"region": THERE, **parts})


@pytest.fixture(scope="module")
def copying() -> Graph:
    return record(replica=copied(days=90, lock={"mode": "compliance", "days": 30}))


@pytest.fixture(scope="module")
def abroad() -> Graph:
    """In another account, by keys of one's own on both sides, under a boundary."""
    return record(
        replica=copied(accountId=OTHER, kmsKeyArn=OTHER_KEY),
        kmsKeyArn=KEY_ARN,
        permissionsBoundary=BOUNDARY_ARN,
    )


def bucket(graph: Graph) -> list[Any]:
    return [one for one in graph if one.parent == "snapper-replication-replica"]


def test_without_the_setting_there_is_none_of_it(graph: Graph) -> None:
    assert not [one.name for one in graph if "repl" in one.name]
    assert "replica" not in graph.outputs
    environment = graph.named("snapper-watcher-function").inputs["environment"]["variables"]
    assert not [name for name in environment if "REPLICA" in name]


def test_every_part_of_the_second_bucket_is_in_the_other_region_and_kept(copying: Graph) -> None:
    assert len(bucket(copying)) == 8
    assert {one.inputs["region"] for one in bucket(copying)} == {THERE}
    assert all(one.retained for one in bucket(copying))
    made = copying.named("snapper-replication-replica-bucket").inputs
    assert made["bucketPrefix"] == "replica-snapper-prod-"
    assert not made["forceDestroy"]


def test_with_the_first_bucket_the_second_goes() -> None:
    graph = record(replica=copied(), deleteBackupsOnDestroy="true")
    assert not any(one.retained for one in graph)
    assert graph.named("snapper-replication-replica-bucket").inputs["forceDestroy"]


def test_it_is_as_private_as_the_first(copying: Graph, graph: Graph) -> None:
    for part in ("public-access-block", "ownership", "encryption"):
        first = graph.named(f"snapper-vault-{part}").inputs
        second = copying.named(f"snapper-replication-replica-{part}").inputs
        assert {**first, "bucket": "", "region": THERE} == {**second, "bucket": ""}


def test_nobody_but_the_role_writes_there_and_nobody_deletes(copying: Graph) -> None:
    tls, only = copying.named("snapper-replication-replica-policy").policy()
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert (only["Effect"], only["Principal"]) == ("Deny", "*")
    assert only["Resource"] == [f"{REPLICA}/*"]
    assert only["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": ROLE}}
    refused = {"s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ReplicateDelete"}
    assert {*refused, "s3:BypassGovernanceRetention"} <= set(only["Action"])


def test_the_role_reads_each_version_and_puts_its_copy_and_does_nothing_else(
    copying: Graph,
) -> None:
    read = ("GetObjectVersionForReplication", "GetObjectVersionAcl", "GetObjectVersionTagging")
    assert rights(copying, "replication") == [
        (["s3:GetReplicationConfiguration", "s3:ListBucket"], [BUCKET], None),
        ([f"s3:{each}" for each in read], [f"{BUCKET}/*"], None),
        (["s3:ReplicateObject", "s3:ReplicateTags"], [f"{REPLICA}/*"], None),
    ]
    role = copying.named("snapper-replication-role")
    assert role.inputs["name"] == "snapper-prod-replication"
    (trust,) = role.policy("assumeRolePolicy")
    assert trust["Principal"] == {"Service": "s3.amazonaws.com"}


def test_all_new_objects_are_copied_and_no_deletion(copying: Graph) -> None:
    made = copying.named("snapper-replication-config")
    (rule,) = made.inputs["rules"]
    assert (rule["status"], rule["filter"]) == ("Enabled", {"prefix": ""})
    assert rule["deleteMarkerReplication"] == {"status": "Disabled"}
    assert rule["destination"] == {"bucket": REPLICA}
    assert made.dependencies >= {
        "snapper-vault-versioning",
        "snapper-replication-replica-versioning",
        "snapper-replication-rights",
    }
    # Or an adopted bucket would copy as a role that is gone.
    assert not made.retained


def test_copies_end_when_it_is_said_and_are_locked_as_it_is_said(copying: Graph) -> None:
    rules = copying.named("snapper-replication-replica-lifecycle").inputs["rules"]
    ended = [each["expiration"] for each in rules if "days" in each.get("expiration", {})]
    assert ended == [{"days": 90}]
    lock = copying.named("snapper-replication-replica-object-lock").inputs
    assert lock["rule"] == {"defaultRetention": {"mode": "COMPLIANCE", "days": 30}}
    for_ever = record(replica=copied())
    rules = for_ever.named("snapper-replication-replica-lifecycle").inputs["rules"]
    assert not [each for each in rules if "days" in each.get("expiration", {})]
    assert not [one for one in for_ever if "object-lock" in one.name]


def test_what_the_vault_locks_is_read_with_its_lock() -> None:
    graph = record(replica=copied(), objectLock=json.dumps({"mode": "governance", "days": 3}))
    read = rights(graph, "replication")[1][0]
    assert {"s3:GetObjectRetention", "s3:GetObjectLegalHold"} <= set(read)


def test_the_watcher_lists_there_and_reads_nothing(copying: Graph) -> None:
    there = [each for each in rights(copying, "watcher") if REPLICA in str(each[1])]
    assert there == [(["s3:ListBucket"], [REPLICA], None)]
    environment = copying.named("snapper-watcher-function").inputs["environment"]["variables"]
    assert environment["SNAPPER_REPLICA"] == REPLICA.rpartition(":")[2]
    assert environment["SNAPPER_REPLICA_REGION"] == THERE


def test_no_function_may_do_anything_else_there(copying: Graph) -> None:
    others = ("dispatcher", "dumper", "prover", "pruner")
    assert not [part for part in others if "replica-" in str(rights(copying, part))]


def test_an_alarm_watches_that_copies_come(copying: Graph) -> None:
    alarm = copying.named("snapper-alarms-replica-behind").inputs
    assert (alarm["name"], alarm["metricName"]) == ("snapper-prod-replica-behind", "ReplicaBehind")
    assert alarm["treatMissingData"] == "breaching"
    (policy, *_) = copying.named("snapper-alarms-topic-policy").policy()
    assert "alarm:snapper-prod-replica-behind" in json.dumps(policy)


def test_the_signpost_names_it(copying: Graph) -> None:
    assert copying.outputs["replica"] == "replica-snapper-prod-0123456789"
    value = json.loads(copying.named("snapper-signpost-parameter").inputs["value"])
    assert value["replica_bucket"] == "replica-snapper-prod-0123456789"
    assert (value["replica_region"], value["replica_account"]) == (THERE, ACCOUNT)


def test_in_another_account_only_the_role_and_the_rule_are_made(abroad: Graph) -> None:
    assert bucket(abroad) == []
    (rule,) = abroad.named("snapper-replication-config").inputs["rules"]
    theirs = f"arn:aws:s3:::replica-snapper-prod-{ACCOUNT}"
    assert rule["destination"] == {
        "account": OTHER,
        "accessControlTranslation": {"owner": "Destination"},
        "bucket": theirs,
        "encryptionConfiguration": {"replicaKmsKeyId": OTHER_KEY},
    }
    assert rule["sourceSelectionCriteria"] == {"sseKmsEncryptedObjects": {"status": "Enabled"}}
    *_, put, decrypt, encrypt = rights(abroad, "replication")
    assert put[0] == [
        "s3:ReplicateObject",
        "s3:ReplicateTags",
        "s3:ObjectOwnerOverrideToBucketOwner",
    ]
    via = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    assert decrypt == (["kms:Decrypt"], [KEY_ARN], via)
    via = {"StringEquals": {"kms:ViaService": f"s3.{THERE}.amazonaws.com"}}
    assert encrypt == (["kms:Decrypt", "kms:Encrypt"], [OTHER_KEY], via)
    assert abroad.named("snapper-replication-role").inputs["permissionsBoundary"] == BOUNDARY_ARN


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("[]", "replica must hold a region"),
        ("{}", "replica.region is not set, must be a region"),
        ('{"regoin": "eu-west-1"}', "replica.regoin is no part of the setting: did you mean"),
        ('{"region": "Ireland"}', "replica.region is Ireland, must be a region"),
        (copied(accountId="12"), "replica.accountId is 12, must be the 12 digits"),
        (copied(kmsKeyArn="alias/x"), "replica.kmsKeyArn is alias/x, must be the ARN of a key"),
        (copied(kmsKeyArn=KEY_ARN), "must be of a key in eu-west-1"),
        (copied(days=-1), "replica.days is -1, must be a whole number"),
        (copied(lock={"mode": "x", "days": 1}), "replica.lock.mode is x, must be governance or"),
        (copied(days=3, lock={"mode": "governance", "days": 9}), "less than the 9 days of"),
        (copied(accountId=OTHER, days=9), "replica.days and replica.accountId are both set"),
        (json.dumps({"region": REGION}), "the stage's own: name another one"),
        (json.dumps({"region": "cn-north-1"}), "S3 copies nothing there from eu-central-1"),
    ],
)
def test_a_fault_is_told_at_preview(given: str, fault: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        record(replica=given)
    assert fault in refused.value.faults[0]


def test_what_contradicts_another_setting_is_told_at_preview() -> None:
    with pytest.raises(SettingsRefused, match=r"replica\.kmsKeyArn is not set"):
        record(replica=copied(), kmsKeyArn=KEY_ARN)
    locked = copied(lock={"mode": "governance", "days": 9})
    with pytest.raises(SettingsRefused, match=r"replica\.lock and deleteBackupsOnDestroy"):
        record(replica=locked, deleteBackupsOnDestroy="true")


@pytest.mark.long
def test_an_account_of_digits_alone_is_one_however_pulumi_keeps_it() -> None:
    given = record(replica=json.dumps({"region": REGION, "accountId": int(OTHER)}))
    (rule,) = given.named("snapper-replication-config").inputs["rules"]
    assert rule["destination"]["account"] == OTHER

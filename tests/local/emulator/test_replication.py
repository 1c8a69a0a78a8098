"""The embedded cloud copies into another bucket as AWS does: by the role's rights, with locks."""

import itertools
import json
from typing import Any

import pytest

from local.emulator.cloud import Cloud
from tests.support.cloud import allow, document

_NUMBERS = itertools.count(1)


@pytest.fixture
def pair(cloud: Cloud) -> tuple[Any, str, str]:
    """Give a client and two buckets that keep versions."""
    s3, number = cloud.client("s3"), next(_NUMBERS)
    names = [f"copy-from-{number}", f"copy-to-{number}"]
    for name in names:
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return s3, *names


def replicate(cloud: Cloud, source: str, target: str, *actions: str, **destination: Any) -> None:
    iam, name = cloud.client("iam"), f"copier-{next(_NUMBERS)}"
    trust = {"Service": "s3.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": trust, "Action": "sts:AssumeRole"}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(statement))["Role"]
    rights = document(allow(list(actions), "*"))
    iam.put_role_policy(RoleName=name, PolicyName="copy", PolicyDocument=rights)
    rule = {
        "ID": "all",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "Status": "Enabled",
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{target}", **destination},
    }
    cloud.client("s3").put_bucket_replication(
        Bucket=source, ReplicationConfiguration={"Role": made["Arn"], "Rules": [rule]}
    )


ALL = ("s3:Get*", "s3:ListBucket", "s3:ReplicateObject")


def status(s3: Any, bucket: str) -> str:
    s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    return str(s3.head_object(Bucket=bucket, Key="a")["ReplicationStatus"])


def test_a_copy_needs_the_rights_of_the_role(cloud: Cloud, pair: tuple[Any, str, str]) -> None:
    s3, source, target = pair
    replicate(cloud, source, target, *ALL)
    assert status(s3, source) == "COMPLETED"
    for fewer in itertools.combinations(ALL, 2):
        replicate(cloud, source, target, *fewer)
        assert status(s3, source) == "FAILED"


def test_the_other_buckets_policy_can_refuse_and_so_can_another_account(
    cloud: Cloud, pair: tuple[Any, str, str]
) -> None:
    s3, source, target = pair
    replicate(cloud, source, target, *ALL, Account="210987654321")
    assert status(s3, source) == "FAILED"
    replicate(cloud, source, target, *ALL)
    deny = {**allow("s3:ReplicateObject", f"arn:aws:s3:::{target}/*"), "Principal": "*"}
    policy = {"Version": "2012-10-17", "Statement": [{**deny, "Effect": "Deny"}]}
    s3.put_bucket_policy(Bucket=target, Policy=json.dumps(policy))
    assert status(s3, source) == "FAILED"


def test_a_copy_is_locked_as_its_bucket_says(cloud: Cloud, pair: tuple[Any, str, str]) -> None:
    s3, source, target = pair
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 2}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    s3.put_object_lock_configuration(Bucket=target, ObjectLockConfiguration=lock)
    replicate(cloud, source, target, *ALL)
    assert status(s3, source) == "COMPLETED"
    found = s3.get_object_retention(Bucket=target, Key="a")["Retention"]
    assert found["Mode"] == "GOVERNANCE"

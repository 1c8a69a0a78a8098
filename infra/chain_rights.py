"""Statements for who signs: the dumper links a manifest to those before it, the pruner buries."""

import json
from typing import Any

from infra.iam import Statement, allow, may_list_parameters, of_backups
from snapper.values.keys import Kind
from snapper.values.place import Place
from snapper.values.tombstone import FOLDER

DAYS = 30
"""Days for which a key waits at least before it is deleted: the most that KMS knows."""


def may_link(bucket: str, key: str, heads: str, keys: str) -> list[Statement]:
    """Sign by the key, read manifests, and say which is the newest.

    Nothing else: still no backup can be read. `heads` and `keys` are paths of parameters.
    """
    return [
        *_may_sign(key, keys),
        allow(["s3:GetObject"], [of_backups(bucket, Kind.MANIFEST)]),
        allow(["ssm:GetParameter", "ssm:PutParameter"], [f"{heads}/*"]),
    ]


def may_bury(bucket: str, key: str, keys: str) -> list[Statement]:
    """Sign by the key, read manifests, and keep tombstones, of which the oldest go."""
    tombstones = f"{bucket}/{FOLDER}*"
    return [
        *_may_sign(key, keys),
        allow(["s3:GetObject"], [of_backups(bucket, Kind.MANIFEST), tombstones]),
        allow(["s3:PutObject", "s3:DeleteObject"], [tombstones]),
    ]


def _may_sign(key: str, keys: str) -> list[Statement]:
    # Those of earlier keys everybody of the account may ask for: their own policies say so.
    return [allow(["kms:GetPublicKey", "kms:Sign"], [key]), may_list_parameters(keys)]


def key_policy(place: Place, signers: list[str]) -> str:
    """Give the policy of the key: these roles alone sign by it, and nobody deletes it in a hurry.

    Who may change this policy can undo it: that is in CloudTrail. Were that forbidden too, nobody
    could ever change it again.
    """
    everybody = {"AWS": "*"}
    statements: list[dict[str, Any]] = [
        {
            "Sid": "AccountDecides",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{place.partition}:iam::{place.account}:root"},
            "Action": "kms:*",
        },
        {
            "Sid": "PublicKeyIsPublicHere",
            "Effect": "Allow",
            "Principal": everybody,
            "Action": "kms:GetPublicKey",
            "Condition": {"StringEquals": {"aws:PrincipalAccount": place.account}},
        },
        {
            "Sid": "OnlyWhoDumpsOrPrunesSigns",
            "Effect": "Deny",
            "Principal": everybody,
            "Action": "kms:Sign",
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": sorted(signers)}},
        },
        {
            "Sid": "NotDeletedInAHurry",
            "Effect": "Deny",
            "Principal": everybody,
            "Action": "kms:ScheduleKeyDeletion",
            "Condition": {
                "NumericLessThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": str(DAYS)}
            },
        },
    ]
    whole = [{**each, "Resource": "*"} for each in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": whole}, sort_keys=True)

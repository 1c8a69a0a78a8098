"""Statements of IAM policies about the second bucket; see `infra/iam.py`.

S3 copies as the stage's own role for that, which may read each new object of the vault and put its
copy into the second bucket. Nobody else writes there, and nobody at all deletes.
"""

from typing import Any

from infra.iam import Statement, allow
from snapper.values.place import Place

_CHANGES = (
    *("s3:PutObject", "s3:PutObjectTagging", "s3:ReplicateDelete"),
    *("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"),
)


def s3_may_assume() -> Statement:
    """Trust S3, and nobody else, to take the role that copies."""
    return {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "s3.amazonaws.com"},
    }


def may_copy(source: str, destination: str, *, foreign: bool, locked: bool) -> list[Statement]:
    """Read each version of the vault for its copy, and put the copy where it belongs.

    Not: copy a deletion. Where the other bucket is another account's, what lies there becomes
    theirs. A lock that the vault has put on an object is read with it.
    """
    locks = ("s3:GetObjectRetention", "s3:GetObjectLegalHold") if locked else ()
    read = ("GetObjectVersionForReplication", "GetObjectVersionAcl", "GetObjectVersionTagging")
    owner = ("s3:ObjectOwnerOverrideToBucketOwner",) if foreign else ()
    return [
        allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], [source]),
        allow([*(f"s3:{each}" for each in read), *locks], [f"{source}/*"]),
        allow(["s3:ReplicateObject", "s3:ReplicateTags", *owner], [f"{destination}/*"]),
    ]


def may_reencrypt(source_key: str, replica_key: str) -> list[Statement]:
    """Decrypt what one key has encrypted, and encrypt by another, through S3 alone.

    S3 decrypts by the second one too: a bucket's own key, which saves requests to KMS, is checked
    before it is used. Source: "Using an S3 Bucket Key with replication" of AWS's guide.
    """
    both = ("kms:Decrypt", "kms:Encrypt")
    uses = ((("kms:Decrypt",), source_key), (both, replica_key))
    return [allow(actions, [key], _only_by_s3(key)) for actions, key in uses if key]


def only_copies(bucket: str, role: str) -> Statement:
    """Refuse everybody who would write or delete there, but for S3 as the role that copies.

    That one may put copies and do nothing else of these, by its own rights.
    """
    return {
        "Sid": "OnlyCopiesAndNoDeletes",
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(_CHANGES),
        "Resource": [f"{bucket}/*"],
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": role}},
    }


def copied_by(bucket: str, role: str) -> list[Statement]:
    """Let another account's role copy into the bucket.

    It is named by a condition: a policy cannot name a role that is not there yet.
    """
    account = _account(role)
    only = {"ArnEquals": {"aws:PrincipalArn": role}}
    copy = ("ReplicateObject", "ReplicateTags", "ObjectOwnerOverrideToBucketOwner")
    return [
        {
            **allow([f"s3:{each}" for each in copy], [f"{bucket}/*"], only),
            "Sid": "TheStageCopies",
            "Principal": account,
        },
        {
            **allow(["s3:GetBucketVersioning"], [bucket], only),
            "Sid": "TheStageSeesThatItKeepsVersions",
            "Principal": account,
        },
    ]


def read_by(bucket: str, role: str) -> list[Statement]:
    """Let the account of the role say itself who of it lists and reads what lies there."""
    account = _account(role)
    return [
        {
            **allow(["s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketTagging"], [bucket]),
            "Sid": "TheStageLists",
            "Principal": account,
        },
        {
            **allow(["s3:GetObject"], [f"{bucket}/*"]),
            "Sid": "TheStageReads",
            "Principal": account,
        },
    ]


def _account(role: str) -> dict[str, str]:
    place = Place.of(role)
    return {"AWS": f"arn:{place.partition}:iam::{place.account}:root"}


def _only_by_s3(key: str) -> dict[str, Any]:
    place = Place.of(key)
    return {"StringEquals": {"kms:ViaService": f"s3.{place.region}.{place.domain}"}}

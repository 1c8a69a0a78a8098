"""The second bucket: private and versioned as the vault, written by S3 alone, emptied by nobody."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.iam import Statement, document, only_by_tls
from infra.private_bucket import keep_versions, lock, make_private
from infra.replication_rights import copied_by, only_copies, read_by
from snapper.values.object_lock import ObjectLock
from snapper.values.summary import FOLDER

Rule = aws.s3.BucketLifecycleConfigurationRuleArgsDict


@dataclass(frozen=True)
class ReplicaBucketArgs:
    """What the bucket is, whose role copies into it, and what becomes of what lies there.

    It has the name, or one that begins with the prefix. The region is the stack's own if none is
    named. `days` is how long a copy stays, 0 for ever; `foreign` whether the role is another
    account's.
    """

    role: pulumi.Input[str]
    tags: dict[str, str]
    kms_key_arn: str
    lock: ObjectLock | None
    days: int
    noncurrent_days: int
    delete_backups_on_destroy: bool
    name: str | None = None
    prefix: str | None = None
    region: str | None = None
    foreign: bool = False


class ReplicaBucket(pulumi.ComponentResource):
    """The bucket and its rules; a kept bucket keeps them."""

    bucket_name: pulumi.Output[str]
    arn: pulumi.Output[str]
    versioned: aws.s3.BucketVersioning

    def __init__(
        self, name: str, args: ReplicaBucketArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:ReplicaBucket", name, None, opts)
        kept = pulumi.ResourceOptions(
            parent=self, retain_on_delete=not args.delete_backups_on_destroy
        )
        unnamed = [] if args.name else ["bucket", "bucket_prefix"]
        # S3 is told of a lock by a call; as a property of the bucket it would make a new one.
        locked = ["object_lock_enabled"] if args.lock else []
        bucket = aws.s3.Bucket(
            f"{name}-bucket",
            bucket=args.name,
            bucket_prefix=args.prefix,
            region=args.region,
            force_destroy=args.delete_backups_on_destroy,
            tags=args.tags,
            opts=pulumi.ResourceOptions.merge(
                kept, pulumi.ResourceOptions(ignore_changes=[*unnamed, *locked])
            ),
        )
        self.bucket_name, self.arn = bucket.bucket, bucket.arn
        make_private(
            name,
            bucket,
            pulumi.Output.from_input(args.kms_key_arn) if args.kms_key_arn else None,
            lambda arn: pulumi.Output.from_input(args.role).apply(
                lambda role: document(*_statements(arn, role, foreign=args.foreign))
            ),
            kept,
            args.region,
        )
        rules = _lifecycle(args.noncurrent_days, args.days)
        self.versioned = keep_versions(name, bucket, rules, kept, args.region)
        if args.lock:
            after = pulumi.ResourceOptions(depends_on=[self.versioned])
            opts = pulumi.ResourceOptions.merge(kept, after)
            lock(name, bucket, args.lock, opts, args.region)
        self.register_outputs({"bucket_name": self.bucket_name})


def _statements(bucket: str, role: str, *, foreign: bool) -> list[Statement]:
    others = [*copied_by(bucket, role), *read_by(bucket, role)] if foreign else []
    return [only_by_tls(["s3:*"], [bucket, f"{bucket}/*"]), only_copies(bucket, role), *others]


def _lifecycle(noncurrent_days: int, days: int) -> list[Rule]:
    every_object: aws.s3.BucketLifecycleConfigurationRuleFilterArgsDict = {"prefix": ""}
    ended: list[Rule] = [
        {
            "id": "expire-copies",
            "status": "Enabled",
            "filter": every_object,
            "expiration": {"days": days},
        }
    ]
    return [
        *(ended if days else []),
        {
            "id": "abort-unfinished-copies",
            "status": "Enabled",
            "filter": every_object,
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        },
        {
            "id": "expire-what-was-replaced",
            "status": "Enabled",
            "filter": every_object,
            "noncurrent_version_expiration": {"noncurrent_days": noncurrent_days},
        },
        # The same rule may not say both this and a number of days.
        {
            "id": "expire-old-markers",
            "status": "Enabled",
            "filter": every_object,
            "expiration": {"expired_object_delete_marker": True},
        },
        {
            "id": "expire-old-summaries",
            "status": "Enabled",
            "filter": {"prefix": FOLDER},
            "noncurrent_version_expiration": {"noncurrent_days": 1},
        },
    ]

"""The vault: a bucket that only this account reads, only by TLS, and that outlives the service."""

from collections.abc import Callable
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.container_rights import may_restore_backups
from infra.iam import (
    Statement,
    document,
    may_list_bucket,
    may_prove_backups,
    may_prune_backups,
    may_store_backups,
    may_summarize,
    may_use_key,
    never_over,
    only_by_tls,
)
from infra.lock_rights import may_lock_summaries, may_see_locks
from infra.private_bucket import keep_versions, lock, make_private
from infra.scope import Scope
from snapper.values.canary import FOLDER as CANARIES
from snapper.values.object_lock import ObjectLock
from snapper.values.summary import FOLDER


@dataclass(frozen=True)
class VaultArgs:
    """Whose vault, by whose key it is encrypted, and what becomes of deleted and of all backups.

    `seals` is whether backups are sealed. With a lock, what is put there cannot be deleted for good
    before its time is over.

    A bucket that is named here exists, and is adopted with its backups; none means a new one.
    """

    scope: Scope
    bucket: str
    kms_key_arn: pulumi.Output[str] | None
    noncurrent_days: int
    delete_backups_on_destroy: bool
    object_lock: ObjectLock | None = None
    seals: bool = False


class Vault(pulumi.ComponentResource):
    """The bucket of the backups, and its rules."""

    bucket_name: pulumi.Output[str]
    arn: pulumi.Output[str]
    guarded: aws.s3.BucketPolicy
    versioned: aws.s3.BucketVersioning

    def __init__(
        self, name: str, args: VaultArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Vault", name, None, opts)
        # What protects the bucket stays with it: a kept bucket without its rules would be worse
        # than none.
        kept = pulumi.ResourceOptions(
            parent=self, retain_on_delete=not args.delete_backups_on_destroy
        )
        bucket = aws.s3.Bucket(
            f"{name}-bucket",
            bucket_prefix=args.scope.name(""),
            force_destroy=args.delete_backups_on_destroy,
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions.merge(kept, _adopting(args)),
        )
        self.bucket_name, self.arn, self._key = bucket.bucket, bucket.arn, args.kms_key_arn
        self.object_lock = args.object_lock
        self.guarded = make_private(name, bucket, args.kms_key_arn, _policy, kept)
        rules = [*_lifecycle(args.noncurrent_days), *([_CANARIES] if args.seals else [])]
        self.versioned = keep_versions(name, bucket, rules, kept)
        if args.object_lock:
            # The rule goes with the setting, and with the stage: a kept rule would go on locking
            # what nobody asked to be locked. What it has locked stays so until its time is over.
            opts = pulumi.ResourceOptions(parent=self, depends_on=[self.versioned])
            lock(name, bucket, args.object_lock, opts)
        self.register_outputs({"bucket_name": self.bucket_name})

    def may_store(self) -> pulumi.Output[list[Statement]]:
        """Make and list backups, but neither read, replace nor delete one."""
        # An upload of parts needs both: a new data key to begin, the same one again to go on.
        return self._with_key(may_store_backups)

    @property
    def summarized(self) -> bool:
        """Whether summaries are of use: under a customer's key no ETag is a digest."""
        return self._key is None

    def may_watch(self) -> pulumi.Output[list[Statement]]:
        """List backups and keep summaries of records, but neither read nor make a backup."""
        return self.arn.apply(lambda arn: [may_list_bucket(arn), *self._may_summarize(arn)])

    def may_prune(self) -> pulumi.Output[list[Statement]]:
        """List and delete backups, but neither read nor write one."""
        see = may_see_locks if self.object_lock else lambda _: []
        return self.arn.apply(lambda arn: [*may_prune_backups(arn), *see(arn)])

    def may_prove(self) -> pulumi.Output[list[Statement]]:
        """Read backups and write verdicts on them, but neither make nor delete a backup."""
        return self._with_key(may_prove_backups)

    def may_restore(self) -> pulumi.Output[list[Statement]]:
        """Read and list backups, and write nothing."""
        return self._with_key(may_restore_backups, "kms:Decrypt")

    def _may_summarize(self, arn: str) -> list[Statement]:
        if not self.summarized:
            return []
        return [*may_summarize(arn), *(may_lock_summaries(arn) if self.object_lock else ())]

    def _with_key(
        self, rights: Callable[[str], list[Statement]], *actions: str
    ) -> pulumi.Output[list[Statement]]:
        """Add to rights on the bucket those on its key: to read and write, or to do less."""
        if self._key is None:
            return self.arn.apply(rights)
        using = actions or ("kms:Decrypt", "kms:GenerateDataKey")
        return pulumi.Output.all(self.arn, self._key).apply(
            lambda known: [*rights(known[0]), may_use_key(known[1], "s3", *using)]
        )


def _policy(bucket: str) -> str:
    return document(only_by_tls(["s3:*"], [bucket, f"{bucket}/*"]), never_over(bucket))


def _adopting(args: VaultArgs) -> pulumi.ResourceOptions:
    # The name of an adopted bucket comes from elsewhere, and nothing about a name is worth a new
    # bucket. Some releases of Pulumi adopt nothing that differs, so its tags are left to a later
    # `up` without the setting.
    differing = ["tags", "tagsAll"] if args.bucket else []
    # A lock is a rule of the bucket, set by a call; as a property of the bucket itself it would
    # make a new one.
    locked = ["object_lock_enabled"] if args.bucket or args.object_lock else []
    return pulumi.ResourceOptions(
        import_=args.bucket or None,
        ignore_changes=["bucket", "bucket_prefix", *differing, *locked],
    )


_CANARIES: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
    "id": "expire-canaries",
    "status": "Enabled",
    "filter": {"prefix": CANARIES},
    "expiration": {"days": 1},
    "noncurrent_version_expiration": {"noncurrent_days": 1},
}
"""What is sealed for a proof of a key is opened at once, or not at all."""


def _lifecycle(noncurrent_days: int) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    # An empty prefix means every object; an empty filter is not kept by every provider version.
    every_object: aws.s3.BucketLifecycleConfigurationRuleFilterArgsDict = {"prefix": ""}
    return [
        {
            "id": "abort-unfinished-uploads",
            "status": "Enabled",
            "filter": every_object,
            "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
        },
        {
            "id": "expire-deleted-backups",
            "status": "Enabled",
            "filter": every_object,
            "noncurrent_version_expiration": {"noncurrent_days": noncurrent_days},
            "expiration": {"expired_object_delete_marker": True},
        },
        {
            "id": "expire-old-summaries",
            "status": "Enabled",
            "filter": {"prefix": FOLDER},
            "noncurrent_version_expiration": {"noncurrent_days": 1},
        },
    ]


def remains(bucket: pulumi.Output[str], lock: ObjectLock) -> pulumi.Output[str]:
    """Say what destroying the stage leaves behind, and why nobody can delete it at once."""
    return bucket.apply(
        lambda name: (
            f"destroying keeps the bucket {name} with all backups, each of them locked "
            f"{lock.words} after it was made; docs/kept.md says how it ends"
        )
    )

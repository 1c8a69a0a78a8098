"""What every bucket of a stage has: no public access, no foreign objects, encryption, a policy.

One that holds backups has versions, and maybe a lock.
"""

from collections.abc import Callable, Sequence

import pulumi
import pulumi_aws as aws

from snapper.values.object_lock import ObjectLock


def make_private(
    name: str,
    bucket: aws.s3.Bucket,
    kms_key_arn: pulumi.Output[str] | None,
    policy: Callable[[str], pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
    region: str | None = None,
) -> aws.s3.BucketPolicy:
    """Shut a bucket, and give its policy, made of its ARN; without a key S3 encrypts by its own.

    A bucket that is not in the stack's region is in the one that is named.
    """
    blocked = aws.s3.BucketPublicAccessBlock(
        f"{name}-public-access-block",
        bucket=bucket.bucket,
        region=region,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    aws.s3.BucketOwnershipControls(
        f"{name}-ownership",
        bucket=bucket.bucket,
        region=region,
        rule={"object_ownership": "BucketOwnerEnforced"},
        opts=opts,
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.bucket,
        region=region,
        rules=[_encryption(kms_key_arn)],
        opts=opts,
    )
    return aws.s3.BucketPolicy(
        f"{name}-policy",
        bucket=bucket.bucket,
        region=region,
        policy=bucket.arn.apply(policy),
        # S3 refuses two changes of access to one bucket at once.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[blocked])),
    )


def keep_versions(
    name: str,
    bucket: aws.s3.Bucket,
    rules: Sequence[aws.s3.BucketLifecycleConfigurationRuleArgsDict],
    opts: pulumi.ResourceOptions,
    region: str | None = None,
) -> aws.s3.BucketVersioning:
    """Have a bucket keep what is deleted or replaced, for as long as the rules say."""
    versioning = aws.s3.BucketVersioning(
        f"{name}-versioning",
        bucket=bucket.bucket,
        region=region,
        versioning_configuration={"status": "Enabled"},
        opts=opts,
    )
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle",
        bucket=bucket.bucket,
        region=region,
        rules=[*rules],
        # Noncurrent versions exist only where versioning does.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[versioning])),
    )
    return versioning


def lock(
    name: str,
    bucket: aws.s3.Bucket,
    object_lock: ObjectLock,
    opts: pulumi.ResourceOptions,
    region: str | None = None,
) -> None:
    """Have S3 lock whatever is put into a bucket that keeps versions, from now on."""
    aws.s3.BucketObjectLockConfiguration(
        f"{name}-object-lock",
        bucket=bucket.bucket,
        region=region,
        rule={"default_retention": {"mode": object_lock.aws_mode, "days": object_lock.days}},
        opts=opts,
    )


def _encryption(
    kms_key_arn: pulumi.Output[str] | None,
) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgsDict:
    if kms_key_arn is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    return {
        "apply_server_side_encryption_by_default": {
            "sse_algorithm": "aws:kms",
            "kms_master_key_id": kms_key_arn,
        },
        # One request to KMS for many objects instead of one for each.
        "bucket_key_enabled": True,
    }

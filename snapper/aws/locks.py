"""Object Lock: until when what lies in a bucket can be deleted for good by nobody."""

from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from snapper.aws import client as aws

_FREE = frozenset(
    {
        "NoSuchObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError",
        "InvalidRequest",  # of an object in a bucket without any lock
        "NoSuchKey",
    }
)
"""What S3 answers to who asks for a lock where there is none."""


class Locks:
    """Sees the locks of one bucket; raises AwsFailed."""

    def __init__(self, bucket: str, client: Any) -> None:  # noqa: ANN401  boto3 has no types
        self.bucket = bucket
        self._client = client

    def put_for(self, key: str, body: bytes, kind: str, span: timedelta) -> None:
        """Store a small object in a bucket that locks what is put there, for this long only."""
        until = datetime.now(UTC) + span
        with aws.translated(f"s3:PutObject of {key}"):
            self._client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=kind,
                ObjectLockMode="GOVERNANCE",
                ObjectLockRetainUntilDate=until,
            )

    def locked_until(self, key: str) -> datetime | None:
        """Give until when nobody can delete for good what lies there now; None where it is free."""
        with aws.translated(f"s3:GetObjectRetention of {key}"):
            try:
                found = self._client.get_object_retention(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if aws.code(error) in _FREE:
                    return None
                raise
            until: datetime = found["Retention"]["RetainUntilDate"]
        return until if until > datetime.now(UTC) else None

    def default_lock(self) -> tuple[str, int] | None:
        """Give by which mode and for how many days the bucket locks what is put there, if it does.

        A rule in years, which is none of ours, is one of as many times 365 days.
        """
        with aws.translated(f"s3:GetObjectLockConfiguration of {self.bucket}"):
            try:
                found = self._client.get_object_lock_configuration(Bucket=self.bucket)
            except ClientError as error:
                if aws.code(error) in _FREE:
                    return None
                raise
        rule = found["ObjectLockConfiguration"].get("Rule", {}).get("DefaultRetention")
        return (rule["Mode"], rule.get("Days", 365 * rule.get("Years", 0))) if rule else None

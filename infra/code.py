"""The functions' own zips, where a container can fetch them: by their SHA-256, in a bucket apart.

Not in the vault: whoever may write there must not write what runs here. Nobody but who deploys
writes here; a container may read exactly the zips that its definition names.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from infra.iam import Statement, allow, document, only_by_tls
from infra.private_bucket import make_private
from infra.scope import Scope


@dataclass(frozen=True)
class CodeArgs:
    """Whose code, and the zips by what they are called here."""

    scope: Scope
    archives: Mapping[str, Path]


class Code(pulumi.ComponentResource):
    """The bucket and what lies in it."""

    bucket_name: pulumi.Output[str]
    digests: Mapping[str, str]
    stored: list[aws.s3.BucketObjectv2]

    def __init__(
        self, name: str, args: CodeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Code", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            f"{name}-bucket",
            # No stage's vault begins so, whatever the stage is called.
            bucket_prefix=f"code-{args.scope.name('')}",
            # Only what can be built again lies here.
            force_destroy=True,
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["bucket", "bucket_prefix"]),
        )
        self.bucket_name, self._arn = bucket.bucket, bucket.arn
        make_private(name, bucket, None, _policy, child)
        self.digests = {part: _digest(archive) for part, archive in args.archives.items()}
        self.stored = [
            aws.s3.BucketObjectv2(
                f"{name}-{part}",
                bucket=bucket.bucket,
                key=f"{self.digests[part]}.zip",
                source=pulumi.FileAsset(str(archive)),
                source_hash=self.digests[part],
                content_type="application/zip",
                tags=args.scope.tags,
                # What waits in the queue since before an update finds the code that it names.
                opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
            )
            for part, archive in args.archives.items()
        ]
        self.register_outputs({"bucket_name": self.bucket_name})

    def may_fetch(self) -> pulumi.Output[list[Statement]]:
        """Read exactly these zips."""
        keys = [f"{digest}.zip" for digest in self.digests.values()]
        return self._arn.apply(
            lambda arn: [allow(["s3:GetObject"], [f"{arn}/{key}" for key in keys])]
        )


def _policy(bucket: str) -> str:
    return document(only_by_tls(["s3:*"], [bucket, f"{bucket}/*"]))


def _digest(archive: Path) -> str:
    with archive.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""The second bucket of a stage, for whoever deploys it in another account: see README.md."""

import sys
from pathlib import Path

import pulumi

# Pulumi looks beside this file only, and the rooms of the house are one folder above.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from infra import entry
from infra.replica_bucket import ReplicaBucket, ReplicaBucketArgs
from replica.settings import ReplicaSettings


def build() -> dict[str, pulumi.Output[str]]:
    """Make the bucket; it stays when the stack is destroyed."""
    settings = ReplicaSettings.load()
    made = ReplicaBucket(
        "snapper-replica",
        ReplicaBucketArgs(
            role=settings.role,
            tags={"project": "snapper", "stage": settings.stage},
            kms_key_arn=settings.kms_key_arn,
            lock=settings.lock,
            days=settings.days,
            noncurrent_days=settings.noncurrent_days,
            delete_backups_on_destroy=False,
            name=settings.bucket,
            foreign=True,
        ),
    )
    return {"bucket": made.bucket_name}


entry.run(build)

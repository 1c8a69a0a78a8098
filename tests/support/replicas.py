"""A quick stage that has a second bucket, and who reaches for what lies there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.emulator.cloud import Cloud
from local.runtime.host import LambdaHost
from snapper.aws.vault import Vault
from tests.support.deployments import bring_up
from tests.support.stage import StageUnderTest

THERE = "eu-west-1"
SETTING = f'{{"region": "{THERE}"}}'


@contextmanager
def replicated(
    cloud: Cloud,
    directory: Path,
    server: Callable[[int], Any],
    name: str,
    setting: str = SETTING,
    **more: str,
) -> Iterator[StageUnderTest]:
    """Bring up a stage with such a second bucket; it goes again, with all its backups."""
    with LambdaHost(cloud, directory) as host:
        deployment = bring_up(cloud, host, name, replica=setting, **more)
        yield StageUnderTest(cloud, host, deployment, server, name)


def replica_of(stage: StageUnderTest) -> Vault:
    """The second bucket, as root."""
    service = stage.service
    return Vault(service.replica_bucket, stage.cloud.client("s3", service.replica_region))


def keys(vault: Vault) -> list[str]:
    return [stored.key for stored in vault.list("")]


def forget_bucket(stage: StageUnderTest) -> None:
    """Delete the first bucket, as somebody who may do everything in the account."""
    s3, bucket = stage.cloud.client("s3"), stage.vault.bucket
    for found in s3.list_object_versions(Bucket=bucket).get("Versions", ()):
        s3.delete_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])
    for found in s3.list_object_versions(Bucket=bucket).get("DeleteMarkers", ()):
        s3.delete_object(Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"])
    s3.delete_bucket(Bucket=bucket)

"""From where backups are read: a stage's bucket, its second one, or a bucket without any stage."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated

import typer

from snapper.aws import client as aws
from snapper.aws.ownership import require_owner
from snapper.aws.parameters import Parameters
from snapper.aws.vault import Vault
from snapper.cli.lines import warn
from snapper.cli.stage import Stage
from snapper.errors import SettingsError
from snapper.values.keys import DATABASE_KEY
from snapper.values.options import Options
from snapper.values.service import Service
from snapper.values.settings import parameter_root
from snapper.verbs.run import only

REPLICA, ADDRESS = "replica", "s3://"

FromOption = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="SOURCE",
        help="Read elsewhere: replica is the stage's second bucket, s3://BUCKET any other, "
        "without looking for the stage; verify --chain takes the FILE of an export.",
    ),
]


def open_stage(name: str, profile: str | None, region: str | None, source: str) -> Stage:
    """Find the stage, and what its backups are to be read from.

    Raises SettingsError if it, credentials or region are missing, or there is no such source.
    """
    if not source:
        return Stage.open(name, profile, region)
    if source == REPLICA:
        found = Stage.open(name, profile, region)
        return _OfReplica(name, found.service, found.parameters)
    bucket = source.removeprefix(ADDRESS).rstrip("/")
    if not source.startswith(ADDRESS) or not bucket or "/" in bucket:
        raise SettingsError(
            f"--from {source} is nothing to read",
            hint="--from replica, or --from s3://BUCKET with --region",
        )
    aws.sign_in(profile, region)
    root = parameter_root(name)
    return _OfBucket(name, _nowhere(root, bucket), Parameters.connect(root))


class _OfReplica(Stage):
    """A stage whose backups are read from its second bucket, where nobody may write."""

    reads_only = True

    @cached_property
    def vault(self) -> Vault:
        """The second bucket, if it is of the account that the deployment has named."""
        service = self.service
        bucket, region = service.replica_bucket, service.replica_region
        if not bucket:
            raise SettingsError(
                f"the stage {self.name} has no second bucket",
                hint="docs/kept.md says how it gets one; --from s3://BUCKET reads any bucket",
            )
        require_owner(bucket, service.replica_account, region)
        warn(f"reading {bucket} in {region}, of account {service.replica_account}")
        return Vault.connect(bucket, region)


class _OfBucket(Stage):
    """A bucket alone: of its stage only the name is known."""

    reads_only = True

    @cached_property
    def vault(self) -> Vault:
        """The bucket that was named."""
        return Vault.connect(self.service.bucket)

    def configured(self) -> list[str]:
        """Give the databases that have a folder there."""
        return sorted(filter(DATABASE_KEY.fullmatch, self.vault.folders()))

    def databases(self, *keys: str) -> list[str]:
        """Give these; raises SettingsError if one that is named is not there."""
        return only(keys, self.configured())

    @cached_property
    def _options(self) -> Mapping[str, Options]:
        return {}


def _nowhere(root: str, bucket: str) -> Service:
    """Give the parts of a stage of which only the bucket is there."""
    return Service(
        version="",
        region="",
        parameter_root=root,
        bucket=bucket,
        queue_url="",
        dead_letter_url="",
        dispatcher="",
        dumper="",
        schedule="",
        kms_key_arn="",
    )

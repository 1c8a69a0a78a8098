"""The restorer: containers that restore a backup into a database that the operator has named.

Nothing calls them but an operator's own command. They know the connections of their targets and of
no other database, read backups, and write nothing into the bucket and to no queue.
"""

from dataclasses import dataclass

import pulumi

from infra.batch import Batch, BatchArgs
from infra.function import Runtime
from infra.iam import Statement, may_read_parameters
from infra.package import Packages
from infra.queue import LARGE_RESTORES, DumpQueue
from infra.secrets import decrypting, secret_parameter
from infra.vault import Vault
from snapper.values.container import LARGEST
from snapper.values.fit import CONTAINER_DISK_GB
from snapper.values.place import Place
from snapper.values.secrets import Target
from snapper.values.settings import TARGETS, RestorerSettings, target_parameter

VCPUS = 2 * LARGEST
"""Of all containers that restore at the same time: two of the largest."""


@dataclass(frozen=True)
class RestorerArgs:
    """What runs, into which targets, by whose key they are encrypted, and between which rooms.

    `ca_bundle` is the name of the file beside the code that verifies their servers.
    """

    runtime: Runtime
    packages: Packages
    targets: tuple[Target, ...]
    ca_bundle: str
    kms_key_arn: pulumi.Output[str] | None
    queue: DumpQueue
    vault: Vault
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()


class Restorer(pulumi.ComponentResource):
    """The targets, each a parameter of its own, and the containers that may read them."""

    queue_arn: pulumi.Output[str]
    definition_arn: pulumi.Output[str]
    log_group: str

    def __init__(
        self, name: str, args: RestorerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Restorer", name, None, opts)
        scope = args.runtime.scope
        for target in args.targets:
            secret_parameter(
                f"{name}-{target.key}",
                target_parameter(scope.parameter_root, target.key),
                target.connection,
                scope,
                args.kms_key_arn,
                parent=self,
            )
        place = args.queue.arn.apply(Place.of)
        batch = Batch(
            f"{name}-batch",
            BatchArgs(
                runtime=args.runtime,
                part=LARGE_RESTORES,
                module="functions.restore",
                place=place,
                archives={
                    "functions": args.packages.functions,
                    "dependencies": args.packages.dependencies,
                    "postgresql": args.packages.postgresql,
                },
                subnet_ids=args.subnet_ids,
                security_group_ids=args.security_group_ids,
                vcpus=VCPUS,
                dead_letter_arn=args.queue.dead_letter_arn,
                environment=args.vault.bucket_name.apply(
                    lambda bucket: RestorerSettings(
                        scope.stage, scope.parameter_root, bucket, ca_bundle=args.ca_bundle
                    ).to_env()
                ),
                rights=[
                    decrypting(place.apply(lambda place: _may_read(place, args)), args.kms_key_arn),
                    args.vault.may_restore(),
                ],
                disk_gb=CONTAINER_DISK_GB,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.queue_arn, self.definition_arn = batch.queue_arn, batch.definition_arn
        self.log_group = batch.log_group
        self.register_outputs({"queue_arn": self.queue_arn})


def _may_read(place: Place, args: RestorerArgs) -> list[Statement]:
    """Read the targets one by one: no listing, and no other connection."""
    path = place.arn("ssm", f"parameter{args.runtime.scope.parameter_root}/{TARGETS}")
    return [may_read_parameters(path)]

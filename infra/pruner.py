"""The pruner: whenever a backup has been made, deletes what its database does not keep.

Deleting is its right alone. Who makes backups could delete old ones for good in a few days, if
somebody else got hold of its credentials; and what reaches the bucket cannot call it in any way but
by making a manifest.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.chain import Chain
from infra.function import Function, FunctionArgs, Runtime, failing_loudly
from infra.layers import Layers
from infra.queue import DumpQueue
from infra.secrets import SecretParameters
from infra.vault import Vault
from snapper.values.keys import Kind
from snapper.values.place import Place
from snapper.values.settings import PrunerSettings
from snapper.values.time_zone import USUAL

MEMORY = 256
TIMEOUT = 300


@dataclass(frozen=True)
class PrunerArgs:
    """What runs it, the rooms it works between, by whose calendar it counts, and what signs."""

    runtime: Runtime
    layers: Layers
    secrets: SecretParameters
    queue: DumpQueue
    vault: Vault
    time_zone: str
    chain: Chain | None = None


class Pruner(pulumi.ComponentResource):
    """The function, S3's notification that calls it, and where a failed call goes."""

    function_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: PrunerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Pruner", name, None, opts)
        scope, chain = args.runtime.scope, args.chain
        signing_key = chain.key_arn if chain else ""
        function = Function(
            name,
            FunctionArgs(
                runtime=args.runtime,
                part="pruner",
                memory=MEMORY,
                timeout=TIMEOUT,
                layers=[args.layers.dependencies],
                environment=pulumi.Output.all(args.vault.bucket_name, signing_key).apply(
                    lambda known: PrunerSettings(
                        scope.stage,
                        scope.parameter_root,
                        known[0],
                        "" if args.time_zone == USUAL else args.time_zone,
                        object_lock="yes" if args.vault.object_lock else "",
                        signing_key=known[1],
                    ).to_env()
                ),
                rights=[
                    args.secrets.may_list(),
                    args.vault.may_prune(),
                    args.queue.may_give_up(),
                    *([chain.may_bury()] if chain else []),
                ],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        failing_loudly(name, function, args.queue.dead_letter_arn, self)
        self._listen(name, args.vault, function)
        self.function_name = function.name
        self.register_outputs({"function_name": self.function_name})

    def _listen(self, name: str, vault: Vault, function: Function) -> None:
        permission = aws.lambda_.Permission(
            f"{name}-permission",
            statement_id="bucket",
            action="lambda:InvokeFunction",
            function=function.name,
            principal="s3.amazonaws.com",
            source_arn=vault.arn,
            # The name of a bucket that is gone may become anybody's.
            source_account=function.arn.apply(lambda arn: Place.of(arn).account),
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        # Not kept with a kept bucket: it would call a function that is gone.
        aws.s3.BucketNotification(
            f"{name}-notification",
            bucket=vault.bucket_name,
            lambda_functions=[
                {
                    "id": "backup-made",
                    "lambda_function_arn": function.arn,
                    "events": ["s3:ObjectCreated:*"],
                    "filter_suffix": Kind.MANIFEST.value,
                }
            ],
            # S3 asks at once whether it may call the function, and refuses two changes of a bucket
            # at once.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission, vault.guarded]),
        )

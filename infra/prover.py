"""The prover: restores backups into a throw-away PostgreSQL inside itself, and records the verdict.

Once an hour it looks which drills are due and puts them into its queue; then it takes one at a
time. What it restores was written by others, so it knows no connection and may write nothing but
verdicts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pulumi
import pulumi_aws as aws

from infra.batch import Batch, BatchArgs
from infra.drill_queue import DrillQueue, DrillQueueArgs
from infra.function import Function, FunctionArgs, Runtime, failing_loudly
from infra.iam import Statement, allow
from infra.layers import Layers
from infra.package import Packages
from infra.queue import DRILLS, LARGE_DRILLS, DumpQueue
from infra.rule import Rule, call_by
from infra.secrets import SecretParameters, decrypting, secret_parameter
from infra.vault import Vault
from snapper.values.drill_identity import DrillIdentity, drill_identity_parameter
from snapper.values.fit import CONTAINER_DISK_GB, CONTAINER_ROOM_GB
from snapper.values.place import Place
from snapper.values.settings import ProverSettings

MEMORY = 3008
"""Almost two processors: one for the server, one for who reads. No new account has more."""

TIMEOUT = timedelta(minutes=15)
AT_ONCE = 2
"""Drills at the same time. Lambda's mapping takes no smaller number."""

VCPUS = 8
"""Of all containers that prove at the same time: two of the largest."""

HTTPS = 443

PLANNED = "rate(1 hour)"


@dataclass(frozen=True)
class ProverArgs:
    """What runs it, what the stage has decided about drills, and the rooms it works between.

    `within_days` is empty where that follows from how often there is a drill. `large` are the zips
    of the containers for what does not fit the function, in these subnets; None is none. The
    `identity` opens sealed backups, and is encrypted by the customer's own key if there is one.
    """

    runtime: Runtime
    drill: str
    within_days: str
    disk_gb: int
    layers: Layers
    secrets: SecretParameters
    queue: DumpQueue
    vault: Vault
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    large: Packages | None = None
    identity: DrillIdentity | None = None
    kms_key_arn: pulumi.Output[str] | None = None


class Prover(pulumi.ComponentResource):
    """The function, its queue, the rule that has it plan, and where a failed plan goes."""

    function_name: pulumi.Output[str]
    container_log_group: str

    def __init__(
        self, name: str, args: ProverArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Prover", name, None, opts)
        scope = args.runtime.scope
        drills = DrillQueue(
            f"{name}-drills",
            DrillQueueArgs(scope, TIMEOUT, args.queue.dead_letter_arn),
            pulumi.ResourceOptions(parent=self),
        )
        proving = [
            args.secrets.may_list(),
            args.secrets.may_list_options(),
            args.vault.may_prove(),
            *([self._keep(name, args, args.identity)] if args.identity else []),
        ]
        rights = [*proving, drills.may_use(), args.queue.may_give_up()]
        batch = self._batch(name, args, args.large, drills, proving) if args.large else None
        if batch:
            rights.append(batch.may_hand_over())
        function = Function(
            name,
            FunctionArgs(
                runtime=args.runtime,
                part="prover",
                memory=MEMORY,
                timeout=int(TIMEOUT.total_seconds()),
                # The clients say which majors there are; beside them lies the server.
                layers=[args.layers.dependencies, args.layers.postgresql, args.layers.server],
                environment=_environment(
                    args,
                    drills,
                    args.disk_gb,
                    batch_queue=batch.queue_arn if batch else "",
                    batch_definition=batch.definition_arn if batch else "",
                ),
                rights=rights,
                disk_gb=args.disk_gb,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        failing_loudly(name, function, args.queue.dead_letter_arn, self)
        self._take(name, args, function, drills)
        self._plan(name, args, function)
        self.function_name = function.name
        self.container_log_group = batch.log_group if batch else ""
        self.register_outputs({"function_name": self.function_name})

    def _keep(
        self, name: str, args: ProverArgs, identity: DrillIdentity
    ) -> pulumi.Output[list[Statement]]:
        """Keep the key that opens sealed backups, and give the right to read it."""
        scope, key = args.runtime.scope, args.kms_key_arn
        path = drill_identity_parameter(scope.parameter_root)
        secret_parameter(f"{name}-identity", path, identity.text, scope, key, self)
        # From the place, not from the parameter: the rights do not change with the key.
        place = args.queue.arn.apply(Place.of)
        read = place.apply(
            lambda place: [allow(["ssm:GetParameter"], [place.arn("ssm", f"parameter{path}")])]
        )
        return decrypting(read, key)

    def _batch(
        self,
        name: str,
        args: ProverArgs,
        packages: Packages,
        drills: DrillQueue,
        rights: Sequence[pulumi.Output[list[Statement]]],
    ) -> Batch:
        """Make the containers: with the prover's rights, but for those on queues.

        Where the network is ours they reach no port of a database.
        """
        return Batch(
            f"{name}-batch",
            BatchArgs(
                runtime=args.runtime,
                part=LARGE_DRILLS,
                module="functions.drill",
                place=args.queue.arn.apply(Place.of),
                archives=packages._asdict(),
                subnet_ids=args.subnet_ids,
                security_group_ids=args.security_group_ids,
                vcpus=VCPUS,
                dead_letter_arn=args.queue.dead_letter_arn,
                environment=_environment(args, drills, CONTAINER_ROOM_GB),
                rights=rights,
                disk_gb=CONTAINER_DISK_GB,
                ports=(HTTPS, HTTPS),
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _take(self, name: str, args: ProverArgs, function: Function, drills: DrillQueue) -> None:
        """Bring it the drills of its queue, one by one: each has a whole function to itself."""
        aws.lambda_.EventSourceMapping(
            f"{name}-jobs",
            event_source_arn=drills.arn,
            function_name=function.name,
            batch_size=1,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": AT_ONCE},
            tags=args.runtime.scope.tags,
            # As that of the dumper: allowed first, and never two for one queue.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[function.allowed], delete_before_replace=True
            ),
        )

    def _plan(self, name: str, args: ProverArgs, function: Function) -> None:
        """Call it every hour, whatever `drill` says: it also tells what is unproven."""
        scope = args.runtime.scope
        what = "Snapper: queue the drills that are due"
        rule = Rule(scope.name(DRILLS), what, PLANNED, "prover", "drills")
        call_by(rule, name, scope, function, self)


def _environment(
    args: ProverArgs, drills: DrillQueue, disk_gb: int, **more: pulumi.Input[str]
) -> pulumi.Output[dict[str, str]]:
    """Say what a drill has to know; `more` are further fields of the prover's settings."""
    scope = args.runtime.scope
    known = pulumi.Output.all(
        bucket=args.vault.bucket_name,
        queue_url=drills.url,
        dead_letter_url=args.queue.dead_letter_url,
        **more,
    )
    return known.apply(
        lambda known: ProverSettings(
            scope.stage,
            scope.parameter_root,
            disk_gb=str(disk_gb),
            drill=args.drill,
            proven_within_days=args.within_days,
            drill_identity=args.identity.told if args.identity else "",
            **known,
        ).to_env()
    )

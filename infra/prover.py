"""The prover: restores backups into a throw-away PostgreSQL inside itself, and records the verdict.

Once an hour it looks which drills are due and puts them into its queue; then it takes one at a
time. What it restores was written by others, so it knows no connection and may write nothing but
verdicts.
"""

from dataclasses import dataclass
from datetime import timedelta

import pulumi
import pulumi_aws as aws

from infra.drill_queue import DrillQueue, DrillQueueArgs
from infra.function import Function, FunctionArgs, Runtime, failing_loudly
from infra.layers import Layers
from infra.queue import DRILLS, DumpQueue
from infra.rule import Rule, call_by
from infra.secrets import SecretParameters
from infra.vault import Vault
from snapper.values.settings import ProverSettings

MEMORY = 3008
"""Almost two processors: one for the server, one for who reads. No new account has more."""

TIMEOUT = timedelta(minutes=15)
AT_ONCE = 2
"""Drills at the same time. Lambda's mapping takes no smaller number."""

PLANNED = "rate(1 hour)"


@dataclass(frozen=True)
class ProverArgs:
    """What runs it, what the stage has decided about drills, and the rooms it works between.

    `within_days` is empty where that follows from how often there is a drill.
    """

    runtime: Runtime
    drill: str
    within_days: str
    disk_gb: int
    layers: Layers
    secrets: SecretParameters
    queue: DumpQueue
    vault: Vault


class Prover(pulumi.ComponentResource):
    """The function, its queue, the rule that has it plan, and where a failed plan goes."""

    function_name: pulumi.Output[str]

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
        known = pulumi.Output.all(args.vault.bucket_name, drills.url, args.queue.dead_letter_url)
        function = Function(
            name,
            FunctionArgs(
                runtime=args.runtime,
                part="prover",
                memory=MEMORY,
                timeout=int(TIMEOUT.total_seconds()),
                # The clients say which majors there are; beside them lies the server.
                layers=[args.layers.dependencies, args.layers.postgresql, args.layers.server],
                environment=known.apply(
                    lambda known: ProverSettings(
                        scope.stage,
                        scope.parameter_root,
                        bucket=known[0],
                        queue_url=known[1],
                        dead_letter_url=known[2],
                        disk_gb=str(args.disk_gb),
                        drill=args.drill,
                        proven_within_days=args.within_days,
                    ).to_env()
                ),
                rights=[
                    args.secrets.may_list(),
                    args.secrets.may_list_options(),
                    args.vault.may_prove(),
                    drills.may_use(),
                    args.queue.may_give_up(),
                ],
                disk_gb=args.disk_gb,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        failing_loudly(name, function, args.queue.dead_letter_arn, self)
        self._take(name, args, function, drills)
        self._plan(name, args, function)
        self.function_name = function.name
        self.register_outputs({"function_name": self.function_name})

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

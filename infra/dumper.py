"""The dumper: takes one job at a time from the queue and makes one backup of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pulumi
import pulumi_aws as aws

from infra.function import Function, FunctionArgs, Runtime
from infra.iam import Statement, but_not_itself, may_join_network, may_leave_network
from infra.layers import Layers
from infra.queue import DumpQueue
from infra.scope import Scope
from infra.secrets import SecretParameters
from infra.vault import Vault
from snapper.values.place import Place
from snapper.values.settings import DumperSettings


@dataclass(frozen=True)
class DumperArgs:
    """What runs it, how large, how many at once, in which network, and between which rooms."""

    runtime: Runtime
    memory: int
    timeout: timedelta
    max_concurrency: int
    dump_jobs: int
    max_per_server: int
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    layers: Layers
    secrets: SecretParameters
    queue: DumpQueue
    vault: Vault


class Dumper(pulumi.ComponentResource):
    """The function, and the mapping that brings it jobs."""

    function_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: DumperArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Dumper", name, None, opts)
        scope = args.runtime.scope
        signing_in = args.secrets.may_sign_in()
        rights = [
            args.secrets.may_read(),
            signing_in,
            args.vault.may_store(),
            args.queue.may_take(),
            args.queue.may_put_off(),
        ]
        # Without subnets too: there may have been some before, and Lambda has still to clear up.
        network = may_join_network if args.subnet_ids else may_leave_network
        rights.append(args.queue.arn.apply(lambda arn: _on(network, Place.of(arn), scope)))
        vpc = None
        if args.subnet_ids:
            vpc = aws.lambda_.FunctionVpcConfigArgs(
                subnet_ids=sorted(args.subnet_ids),
                security_group_ids=sorted(args.security_group_ids),
            )
        function = Function(
            name,
            FunctionArgs(
                runtime=args.runtime,
                part="dumper",
                memory=args.memory,
                timeout=int(args.timeout.total_seconds()),
                layers=[args.layers.dependencies, args.layers.postgresql],
                environment=pulumi.Output.all(args.vault.bucket_name, args.queue.url).apply(
                    lambda known: DumperSettings(
                        scope.stage,
                        scope.parameter_root,
                        known[0],
                        queue_url=known[1],
                        dump_jobs=str(args.dump_jobs),
                        max_per_server=str(args.max_per_server),
                    ).to_env()
                ),
                rights=rights,
                vpc=vpc,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        aws.lambda_.EventSourceMapping(
            f"{name}-jobs",
            event_source_arn=args.queue.arn,
            function_name=function.name,
            # One dump has a whole function to itself, and fails or succeeds alone.
            batch_size=1,
            function_response_types=["ReportBatchItemFailures"],
            # At most so many dumps at once; jobs beyond wait in the queue without being counted
            # as tried.
            scaling_config={"maximum_concurrency": args.max_concurrency},
            tags=scope.tags,
            # Lambda asks at once whether the role may take from the queue, and a queue has one
            # mapping to a function: the old one goes first.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[function.allowed], delete_before_replace=True
            ),
        )
        self.function_name = function.name
        self.register_outputs({"function_name": self.function_name})


def _on(network: Callable[[Place], list[Statement]], place: Place, scope: Scope) -> list[Statement]:
    """Give Lambda the rights on a network, and the dumper's own code none."""
    dumper = place.arn("lambda", f"function:{scope.name('dumper')}")
    return [*network(place), but_not_itself(dumper)]

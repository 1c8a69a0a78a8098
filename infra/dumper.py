"""The dumper: takes one job at a time from the queue and makes one backup of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pulumi
import pulumi_aws as aws

from infra.batch import Batch, BatchArgs
from infra.chain import Chain
from infra.function import Function, FunctionArgs, Runtime
from infra.iam import Statement, but_not_itself, may_join_network, may_leave_network
from infra.layers import Layers
from infra.package import Packages
from infra.queue import LARGE, DumpQueue
from infra.scope import Scope
from infra.secrets import SecretParameters
from infra.vault import Vault
from snapper.values.container import LARGEST
from snapper.values.place import Place
from snapper.values.recipients import to_text
from snapper.values.sealed_for import SealedFor
from snapper.values.settings import DumperSettings


@dataclass(frozen=True)
class DumperArgs:
    """What runs it, how large, how many at once, in which network, and between which rooms.

    `large` are the zips of the containers that do what a function has no time for, `chain` is what
    signs; None is none. `pruner` is ready before anything is signed. `sealed_for` holds where a
    database says nothing else.
    """

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
    sealed_for: SealedFor
    large: Packages | None = None
    chain: Chain | None = None
    pruner: pulumi.Input[str] = ""


class Dumper(pulumi.ComponentResource):
    """The function, and the mapping that brings it jobs."""

    function_name: pulumi.Output[str]
    container_log_group: str

    def __init__(
        self, name: str, args: DumperArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Dumper", name, None, opts)
        scope = args.runtime.scope
        dumping = [
            args.secrets.may_read(),
            args.secrets.may_sign_in(),
            args.vault.may_store(),
            args.queue.may_put_off(),
            *([args.chain.may_link()] if args.chain else []),
        ]
        batch = self._batch(name, args, args.large, dumping) if args.large else None
        rights = [*dumping, args.queue.may_take()]
        if batch:
            rights.append(batch.may_hand_over())
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
                environment=_environment(
                    args,
                    batch_queue=batch.queue_arn if batch else "",
                    batch_definition=batch.definition_arn if batch else "",
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
        self.container_log_group = batch.log_group if batch else ""
        self.register_outputs({"function_name": self.function_name})

    def _batch(
        self,
        name: str,
        args: DumperArgs,
        packages: Packages,
        rights: Sequence[pulumi.Output[list[Statement]]],
    ) -> Batch:
        """Make the containers: with the dumper's rights, but for those on the queue's jobs."""
        return Batch(
            f"{name}-batch",
            BatchArgs(
                runtime=args.runtime,
                part=LARGE,
                module="functions.job",
                place=args.queue.arn.apply(Place.of),
                archives={
                    "functions": packages.functions,
                    "dependencies": packages.dependencies,
                    "postgresql": packages.postgresql,
                },
                subnet_ids=args.subnet_ids,
                security_group_ids=args.security_group_ids,
                vcpus=LARGEST * args.max_concurrency,
                dead_letter_arn=args.queue.dead_letter_arn,
                environment=_environment(args),
                rights=rights,
            ),
            pulumi.ResourceOptions(parent=self),
        )


def _environment(args: DumperArgs, **more: pulumi.Input[str]) -> pulumi.Output[dict[str, str]]:
    """Say what a dump has to know; `more` are further fields of the dumper's settings."""
    scope = args.runtime.scope
    signing = {}
    if args.chain:
        # Who prunes leaves tombstones before the first manifest is signed, or one would be missed.
        both = pulumi.Output.all(args.chain.key_arn, args.pruner)
        signing = {"signing_key": both.apply(lambda both: str(both[0]))}
    known = pulumi.Output.all(
        bucket=args.vault.bucket_name, queue_url=args.queue.url, **signing, **more
    )
    return known.apply(
        lambda known: DumperSettings(
            scope.stage,
            scope.parameter_root,
            dump_jobs=str(args.dump_jobs),
            max_per_server=str(args.max_per_server),
            recipients=to_text(args.sealed_for.recipients),
            contents_in_clear="true" if args.sealed_for.contents_in_clear else "",
            **known,
        ).to_env()
    )


def _on(network: Callable[[Place], list[Statement]], place: Place, scope: Scope) -> list[Statement]:
    """Give Lambda the rights on a network, and the dumper's own code none."""
    dumper = place.arn("lambda", f"function:{scope.name('dumper')}")
    return [*network(place), but_not_itself(dumper)]

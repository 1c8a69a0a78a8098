"""One Lambda function: its role with exactly its rights, its log group, its code and layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.iam import Statement, document, lambda_may_assume, may_log
from infra.scope import Scope

RUNTIME = "python3.13"


@dataclass(frozen=True)
class Runtime:
    """What all functions have in common; an empty boundary is none."""

    scope: Scope
    architecture: str
    code: Path
    log_retention_days: int
    permissions_boundary: str


@dataclass(frozen=True)
class FunctionArgs:
    """What one function is, knows and may do; `disk_gb` is the size of /tmp if not the usual."""

    runtime: Runtime
    part: str
    memory: int
    timeout: int
    layers: Sequence[pulumi.Input[str]]
    environment: pulumi.Output[dict[str, str]]
    rights: Sequence[pulumi.Output[list[Statement]]]
    vpc: aws.lambda_.FunctionVpcConfigArgs | None = None
    disk_gb: int | None = None


class Function(pulumi.ComponentResource):
    """A function of the room `functions/`, ready when this component is."""

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    allowed: aws.iam.RolePolicy

    def __init__(
        self, name: str, args: FunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Function", name, None, opts)
        named = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        scope, physical = args.runtime.scope, args.runtime.scope.name(args.part)
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=f"/aws/lambda/{physical}",
            retention_in_days=args.runtime.log_retention_days,
            tags=scope.tags,
            opts=named,
        )
        role = aws.iam.Role(
            f"{name}-role",
            name=physical,
            assume_role_policy=document(lambda_may_assume()),
            permissions_boundary=args.runtime.permissions_boundary or None,
            tags=scope.tags,
            opts=named,
        )
        self.allowed = aws.iam.RolePolicy(
            f"{name}-rights",
            name=args.part,
            role=role.name,
            policy=pulumi.Output.all(logs.arn, *args.rights).apply(_policy),
            opts=named,
        )
        function = aws.lambda_.Function(
            f"{name}-function",
            name=physical,
            role=role.arn,
            runtime=RUNTIME,
            architectures=[args.runtime.architecture],
            handler=f"functions.{args.part}.handler",
            code=pulumi.FileArchive(str(args.runtime.code)),
            layers=args.layers,
            memory_size=args.memory,
            timeout=args.timeout,
            environment={"variables": args.environment},
            vpc_config=args.vpc,
            ephemeral_storage={"size": args.disk_gb * 1024} if args.disk_gb else None,
            tags=scope.tags,
            # Not before it may log and work, or Lambda would make a log group of its own that
            # keeps everything for ever, and the first event would be refused.
            opts=pulumi.ResourceOptions.merge(
                named, pulumi.ResourceOptions(depends_on=[logs, self.allowed])
            ),
        )
        self.name, self.arn = function.name, function.arn
        self.register_outputs({"name": self.name, "arn": self.arn})


def failing_loudly(
    name: str, function: Function, dead_letters: pulumi.Input[str], parent: pulumi.Resource
) -> None:
    """Let an event that the function fails on be tried twice more, then join the dead letters."""
    aws.lambda_.FunctionEventInvokeConfig(
        f"{name}-failures",
        function_name=function.name,
        maximum_retry_attempts=2,
        destination_config={"on_failure": {"destination": dead_letters}},
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[function.allowed]),
    )


def _policy(resolved: Sequence[Any]) -> str:
    log_group, *rights = resolved
    return document(may_log(log_group), *chain.from_iterable(rights))

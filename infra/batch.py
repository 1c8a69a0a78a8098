"""AWS Batch for what takes longer than a function may: made only where a stage asks for it.

A container for dumps is what the dumper is, and one for drills what the prover is: the same code,
libraries and rights. Each kind has a queue, machines, code and a log of its own. It costs nothing
while none runs. It has 30 seconds from SIGTERM until SIGKILL, Fargate's usual: what Batch takes of
a container's properties could not lengthen that.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from infra.code import Code, CodeArgs
from infra.container import LEAST_DISK_GB, container, never_begins
from infra.container_rights import containers_may_assume, may_hand_over
from infra.function import Runtime
from infra.iam import Statement, document, may_log
from infra.network import network_of
from infra.queue import failed_of
from snapper.values.container import AGAIN, ATTEMPTS, LONGEST, MODULE
from snapper.values.place import Place


@dataclass(frozen=True)
class BatchArgs:
    """What runs, where, on how many vCPUs in all, what it knows and what it may do.

    `part` is what it is called, `module` what of our code it becomes, and `archives` are the zips
    by what they are called, the code first. In the default network it goes out to the `ports` from
    one to another alone, or to all.
    """

    runtime: Runtime
    part: str
    module: str
    place: pulumi.Output[Place]
    archives: Mapping[str, Path]
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    vcpus: int
    dead_letter_arn: pulumi.Output[str]
    environment: pulumi.Output[dict[str, str]]
    rights: Sequence[pulumi.Output[list[Statement]]]
    disk_gb: int = LEAST_DISK_GB
    ports: tuple[int, int] | None = None


class Batch(pulumi.ComponentResource):
    """The queue of containers, where they run, and what one is."""

    queue_arn: pulumi.Output[str]
    definition_arn: pulumi.Output[str]
    log_group: str

    def __init__(
        self, name: str, args: BatchArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:Batch", name, None, opts)
        self._args, self._physical = args, args.runtime.scope.name(args.part)
        self._named = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        scope = args.runtime.scope
        network = network_of(
            name, args.subnet_ids, args.security_group_ids, scope, args.part, args.ports, self
        )
        code = Code(
            f"{name}-code", CodeArgs(scope, args.archives), pulumi.ResourceOptions(parent=self)
        )
        self.log_group = f"/aws/batch/{self._physical}"
        logs = aws.cloudwatch.LogGroup(
            f"{name}-logs",
            name=self.log_group,
            retention_in_days=args.runtime.log_retention_days,
            tags=scope.tags,
            opts=self._named,
        )
        start = logs.arn.apply(lambda arn: [may_log(arn)])
        roles = [
            self._role(f"{name}-job", self._physical, [*args.rights, code.may_fetch()]),
            self._role(f"{name}-start", scope.name(f"{args.part}-start"), [start]),
        ]
        self.queue_arn = self._queue(name, network.subnet_ids, network.security_group_ids)
        arns = [role.arn for role, _ in roles]
        known = pulumi.Output.all(args.environment, code.bucket_name, args.place, *arns)
        definition = aws.batch.JobDefinition(
            f"{name}-definition",
            name=self._physical,
            type="container",
            platform_capabilities=["FARGATE"],
            container_properties=known.apply(
                lambda known: self._properties(code.digests, network.public, *known)
            ),
            timeout={"attempt_duration_seconds": int(LONGEST.total_seconds())},
            retry_strategy=_retries(),
            propagate_tags=True,
            tags=scope.tags,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[logs, *code.stored, *(rights for _, rights in roles)]
            ),
        )
        # Without its revision: what the dumper knows, and may, does not change with the code, and
        # no job comes between the new definition and a dumper that still names the old one.
        self.definition_arn = definition.arn_prefix
        self._tell_of_failures(name)
        self.register_outputs({"queue_arn": self.queue_arn})

    def may_hand_over(self) -> pulumi.Output[list[Statement]]:
        """Put jobs into the queue, and see which are under way."""
        arns = pulumi.Output.all(self.queue_arn, self.definition_arn)
        return arns.apply(lambda arns: may_hand_over(*arns))

    def _role(
        self, name: str, physical: str, rights: Sequence[pulumi.Output[list[Statement]]]
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        runtime = self._args.runtime
        role = aws.iam.Role(
            f"{name}-role",
            name=physical,
            assume_role_policy=self._args.place.apply(
                lambda place: document(containers_may_assume(place))
            ),
            permissions_boundary=runtime.permissions_boundary or None,
            tags=runtime.scope.tags,
            opts=self._named,
        )
        policy = aws.iam.RolePolicy(
            f"{name}-rights",
            name=self._args.part,
            role=role.name,
            policy=pulumi.Output.all(*rights).apply(
                lambda resolved: document(*chain.from_iterable(resolved))
            ),
            opts=self._named,
        )
        return role, policy

    def _queue(
        self, name: str, subnets: list[str], groups: list[pulumi.Input[str]]
    ) -> pulumi.Output[str]:
        tags = self._args.runtime.scope.tags
        environment = aws.batch.ComputeEnvironment(
            f"{name}-environment",
            name=self._physical,
            # Batch makes the role that it needs itself, once for an account.
            type="MANAGED",
            compute_resources={
                "type": "FARGATE",
                "max_vcpus": self._args.vcpus,
                "subnets": subnets,
                "security_group_ids": groups,
            },
            tags=tags,
            opts=self._named,
        )
        queue = aws.batch.JobQueue(
            f"{name}-queue",
            name=self._physical,
            state="ENABLED",
            priority=1,
            compute_environment_orders=[{"order": 1, "compute_environment": environment.arn}],
            job_state_time_limit_actions=never_begins(),
            tags=tags,
            opts=self._named,
        )
        return queue.arn

    def _tell_of_failures(self, name: str) -> None:
        """Have EventBridge put what failed among the dead letters: also what could say nothing."""
        rule = aws.cloudwatch.EventRule(
            f"{name}-failed",
            name=self._args.runtime.scope.name(failed_of(self._args.part)),
            description="Snapper: tell of containers that failed",
            event_pattern=self.queue_arn.apply(
                lambda queue: json.dumps(
                    {
                        "source": ["aws.batch"],
                        "detail-type": ["Batch Job State Change"],
                        "detail": {"status": ["FAILED"], "jobQueue": [queue]},
                    }
                )
            ),
            state="ENABLED",
            tags=self._args.runtime.scope.tags,
            opts=self._named,
        )
        aws.cloudwatch.EventTarget(
            f"{name}-failed-target",
            rule=rule.name,
            target_id="dead-letters",
            arn=self._args.dead_letter_arn,
            opts=self._named,
        )

    def _properties(
        self,
        digests: Mapping[str, str],
        public: bool,
        environment: dict[str, str],
        bucket: str,
        place: Place | list[str],
        *roles: Any,  # noqa: ANN401  two ARNs, which Pulumi gives without their type
    ) -> str:
        region = Place(*place).region
        return container(
            architecture=self._args.runtime.architecture,
            environment={
                **environment,
                "AWS_REGION": region,
                "AWS_DEFAULT_REGION": region,
                "SNAPPER_CODE_BUCKET": bucket,
                "SNAPPER_CODE": " ".join(digests.values()),
                MODULE: self._args.module,
            },
            log_group=self.log_group,
            region=region,
            roles=roles,
            public=public,
            disk_gb=self._args.disk_gb,
        )


def _retries() -> aws.batch.JobDefinitionRetryStrategyArgsDict:
    """Try again what no code of ours has failed in, and what our code says may go well then."""
    again: list[aws.batch.JobDefinitionRetryStrategyEvaluateOnExitArgsDict] = [
        {"action": "RETRY", "on_reason": "CannotPullContainerError*"},
        {"action": "RETRY", "on_status_reason": "Task failed to start*"},
        {"action": "RETRY", "on_exit_code": str(AGAIN)},
        {"action": "EXIT", "on_reason": "*"},
    ]
    return {"attempts": ATTEMPTS, "evaluate_on_exits": again}

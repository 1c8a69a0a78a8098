"""Jobs waiting to be dumped, and the dead letters: those that failed too often."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pulumi
import pulumi_aws as aws

from infra.container_rights import failures_may_be_told
from infra.iam import Statement, document, may_send, may_take, only_by_tls
from infra.scope import Scope
from snapper.values.attempts import ATTEMPTS
from snapper.values.place import Place

JOBS_KEPT = timedelta(days=4)
"""Five attempts take some hours; the rest is for hundreds of jobs waiting their turn."""

DRILLS = "drills"
"""What the queue of the drills is called, whose dead letters come here too."""

LARGE, LARGE_DRILLS, LARGE_RESTORES = "large", "large-drills", "large-restores"
"""What the containers are called that dump, those that prove, and those that restore."""

DEAD_LETTERS_KEPT = timedelta(days=14)
"""As long as SQS keeps anything. A letter's age counts from its first sending, as a job."""


@dataclass(frozen=True)
class DumpQueueArgs:
    """Whose queue, how long the longest dump may take, and which kinds of containers there are."""

    scope: Scope
    dump_timeout: timedelta
    containers: tuple[str, ...] = ()


class DumpQueue(pulumi.ComponentResource):
    """The queue between dispatcher and dumper, with its dead letters."""

    url: pulumi.Output[str]
    arn: pulumi.Output[str]
    dead_letter_url: pulumi.Output[str]
    dead_letter_arn: pulumi.Output[str]
    dead_letter_name: pulumi.Output[str]

    def __init__(
        self, name: str, args: DumpQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:DumpQueue", name, None, opts)
        letters = aws.sqs.Queue(
            f"{name}-dead-letters",
            name=args.scope.name("dead-letters"),
            message_retention_seconds=int(DEAD_LETTERS_KEPT.total_seconds()),
            sqs_managed_sse_enabled=True,
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        jobs = waiting_queue(
            f"{name}-jobs",
            args.scope.name("jobs"),
            args.scope,
            args.dump_timeout,
            letters.arn,
            parent=self,
        )
        drills = args.scope.name(DRILLS)
        aws.sqs.RedriveAllowPolicy(
            f"{name}-redrive-allow-policy",
            queue_url=letters.url,
            redrive_allow_policy=jobs.arn.apply(
                lambda arn: _redrive_only_from(arn, Place.of(arn).arn("sqs", drills))
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        failed = [args.scope.name(failed_of(each)) for each in args.containers]
        only_by_tls_to(f"{name}-dead-letters-policy", letters, parent=self, told_by=failed)
        self.url, self.arn = jobs.url, jobs.arn
        self.dead_letter_url, self.dead_letter_arn = letters.url, letters.arn
        self.dead_letter_name = letters.name
        self.register_outputs({"url": self.url, "dead_letter_url": self.dead_letter_url})

    def may_send(self) -> pulumi.Output[list[Statement]]:
        """Put jobs into the queue, and the dispatcher's own failures among the dead letters."""
        arns = pulumi.Output.all(self.arn, self.dead_letter_arn)
        return arns.apply(lambda queues: [may_send(*queues)])

    def may_give_up(self) -> pulumi.Output[list[Statement]]:
        """Put what failed among the dead letters."""
        return self.dead_letter_arn.apply(lambda arn: [may_send(arn)])

    def may_put_off(self) -> pulumi.Output[list[Statement]]:
        """Put a job that has to wait into the queue again."""
        return self.arn.apply(lambda arn: [may_send(arn)])

    def may_take(self) -> pulumi.Output[list[Statement]]:
        """Take jobs out of the queue."""
        return self.arn.apply(lambda arn: [may_take(arn)])


def failed_of(part: str) -> str:
    """Name the rule that puts what became of failed containers among the dead letters."""
    return f"{part}-failed"


def waiting_queue(
    name: str,
    physical: str,
    scope: Scope,
    timeout: timedelta,
    dead_letter_arn: pulumi.Output[str],
    *,
    parent: pulumi.Resource,
) -> aws.sqs.Queue:
    """Make the queue before a function that may take so long for one message.

    What the function fails on too often joins the dead letters.
    """
    queue = aws.sqs.Queue(
        name,
        name=physical,
        message_retention_seconds=int(JOBS_KEPT.total_seconds()),
        # Six times the function's timeout, as AWS asks: so long Lambda goes on trying to call a
        # function that is throttled, and no attempt is counted. The function itself shortens it.
        visibility_timeout_seconds=6 * int(timeout.total_seconds()),
        sqs_managed_sse_enabled=True,
        redrive_policy=dead_letter_arn.apply(_redrive),
        tags=scope.tags,
        opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
    )
    only_by_tls_to(f"{name}-policy", queue, parent=parent)
    return queue


def only_by_tls_to(
    name: str, queue: aws.sqs.Queue, *, parent: pulumi.Resource, told_by: Sequence[str] = ()
) -> None:
    """Let nobody come to a queue but by TLS; and the rules of EventBridge of these names."""

    def statements(arn: str) -> list[Statement]:
        rules = [Place.of(arn).arn("events", f"rule/{each}") for each in told_by]
        more = [failures_may_be_told(arn, rules)] if rules else []
        return [only_by_tls(["sqs:*"], [arn]), *more]

    aws.sqs.QueuePolicy(
        name,
        queue_url=queue.url,
        policy=queue.arn.apply(lambda arn: document(*statements(arn))),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _redrive(dead_letter_arn: str) -> str:
    return json.dumps(
        {"deadLetterTargetArn": dead_letter_arn, "maxReceiveCount": ATTEMPTS}, sort_keys=True
    )


def _redrive_only_from(*queues: str) -> str:
    return json.dumps(
        {"redrivePermission": "byQueue", "sourceQueueArns": list(queues)}, sort_keys=True
    )

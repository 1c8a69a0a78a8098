"""Jobs that a container has failed for good: they join the dead letters, whatever became of it.

Batch tells of each container that failed, also of one that was killed, had no memory left or never
began, and could say nothing itself. So a container needs no right to the dead letters, and no way
to them.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.iam import Statement
from infra.scope import Scope
from snapper.values.failed_container import FAILED, SOURCE, STATE_CHANGE
from snapper.values.place import Place

CONTAINERS = "large"
"""What the queue of the containers is called, and all that belongs to it."""


@dataclass(frozen=True)
class LostJobsArgs:
    """Whose containers, and where what they failed goes."""

    scope: Scope
    dead_letter_arn: pulumi.Output[str]


class LostJobs(pulumi.ComponentResource):
    """The rule, and the dead letters as its target."""

    def __init__(
        self, name: str, args: LostJobsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("snapper:infra:LostJobs", name, None, opts)
        named = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        rule = aws.cloudwatch.EventRule(
            f"{name}-rule",
            name=args.scope.name(CONTAINERS),
            description="Snapper: what a container has failed joins the dead letters",
            event_pattern=args.dead_letter_arn.apply(
                lambda arn: failures_of(_queue(args.scope, Place.of(arn)))
            ),
            state="ENABLED",
            tags=args.scope.tags,
            opts=named,
        )
        aws.cloudwatch.EventTarget(
            f"{name}-target",
            rule=rule.name,
            target_id="dead-letters",
            arn=args.dead_letter_arn,
            opts=named,
        )
        self.register_outputs({})


def rule_may_send(scope: Scope, queue: str) -> Statement:
    """Let the rule, and no other of the account's, put messages into the queue."""
    place = Place.of(queue)
    return {
        "Sid": "LostJobs",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["sqs:SendMessage"],
        "Resource": [queue],
        "Condition": {
            "ArnEquals": {"aws:SourceArn": place.arn("events", f"rule/{scope.name(CONTAINERS)}")}
        },
    }


def failures_of(queue: str) -> str:
    """Write the pattern of what Batch tells of containers of this queue that have failed."""
    pattern = {
        "source": [SOURCE],
        "detail-type": [STATE_CHANGE],
        "detail": {"status": [FAILED], "jobQueue": [queue]},
    }
    return json.dumps(pattern, sort_keys=True)


def _queue(scope: Scope, place: Place) -> str:
    return place.arn("batch", f"job-queue/{scope.name(CONTAINERS)}")

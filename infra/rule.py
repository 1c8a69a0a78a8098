"""A rule of EventBridge that calls a function when it is time, and is the only one that may."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.function import Function
from infra.scope import Scope


@dataclass(frozen=True)
class Rule:
    """When to call, and what all of it is called; `end` keeps apart what one function has many of.

    The `part` is the function's, `statement` names the permission within its policy.
    """

    name: str
    description: str
    schedule: str
    part: str
    statement: str
    end: str = ""


def call_by(
    rule: Rule, name: str, scope: Scope, function: Function, parent: pulumi.Resource
) -> None:
    """Have the function called by the rule, whose event bears the time that it was due."""
    named = pulumi.ResourceOptions(parent=parent, delete_before_replace=True)
    made = aws.cloudwatch.EventRule(
        f"{name}-rule{rule.end}",
        name=rule.name,
        description=rule.description,
        schedule_expression=rule.schedule,
        state="ENABLED",
        tags=scope.tags,
        opts=named,
    )
    permission = aws.lambda_.Permission(
        f"{name}-permission{rule.end}",
        statement_id=rule.statement,
        action="lambda:InvokeFunction",
        function=function.name,
        principal="events.amazonaws.com",
        source_arn=made.arn,
        opts=named,
    )
    aws.cloudwatch.EventTarget(
        f"{name}-target{rule.end}",
        rule=made.name,
        target_id=rule.part,
        arn=function.arn,
        # The rule fires into nothing until it may call the function.
        opts=pulumi.ResourceOptions.merge(named, pulumi.ResourceOptions(depends_on=[permission])),
    )

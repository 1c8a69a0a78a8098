"""EventBridge: rules, and whom they call."""

from functools import partial

from local.deployment.resources.request import Created, Handler, Request, capitalised


def rule(request: Request) -> Created:
    """Make a rule; the emulator fires a schedule for real."""
    events, inputs, name = request.cloud.client("events"), request.inputs, request.physical_name()
    arn = events.put_rule(
        Name=name,
        Tags=inputs.tags(),
        **inputs.take(
            Description="description",
            EventBusName="eventBusName",
            EventPattern="eventPattern",
            RoleArn="roleArn",
            ScheduleExpression="scheduleExpression",
            State="state",
        ),
    )["RuleArn"]
    return Created(name, partial(events.delete_rule, Name=name), {"arn": arn, "name": name})


def target(request: Request) -> Created:
    """Tell a rule whom to call."""
    events, inputs = request.cloud.client("events"), request.inputs
    rule_name, identifier = inputs["rule"], request.physical_name("targetId")
    settings = {
        **inputs.take(Arn="arn", Input="input", InputPath="inputPath", RoleArn="roleArn"),
        **capitalised(inputs.take(retryPolicy="retryPolicy", deadLetterConfig="deadLetterConfig")),
    }
    answer = events.put_targets(Rule=rule_name, Targets=[{"Id": identifier, **settings}])
    if answer["FailedEntryCount"]:
        raise ValueError(answer["FailedEntries"][0]["ErrorMessage"])
    return Created(
        f"{rule_name}-{identifier}",
        partial(events.remove_targets, Rule=rule_name, Ids=[identifier]),
        {"targetId": identifier},
    )


HANDLERS: dict[str, Handler] = {
    "aws:cloudwatch/eventRule:EventRule": rule,
    "aws:cloudwatch/eventTarget:EventTarget": target,
}

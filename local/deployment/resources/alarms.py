"""CloudWatch: log groups and alarms."""

from functools import partial

from local.deployment.resources.request import Created, Handler, Request, capitalised


def log_group(request: Request) -> Created:
    """Make a log group, and say how long it keeps what it gets."""
    logs, inputs, name = request.cloud.client("logs"), request.inputs, request.physical_name()
    logs.create_log_group(
        logGroupName=name,
        tags=inputs.get("tags", {}),
        **inputs.take(kmsKeyId="kmsKeyId", logGroupClass="logGroupClass"),
    )
    if days := inputs.get("retentionInDays"):
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    arn = f"arn:aws:logs:{request.cloud.region}:{request.cloud.account}:log-group:{name}"
    return Created(
        name, partial(logs.delete_log_group, logGroupName=name), {"arn": arn, "name": name}
    )


def metric_alarm(request: Request) -> Created:
    """Make an alarm. Nothing feeds it here: the emulator publishes no metrics of its services."""
    cloudwatch, inputs = request.cloud.client("cloudwatch"), request.inputs
    name = request.physical_name()
    dimensions = [
        {"Name": key, "Value": value} for key, value in inputs.get("dimensions", {}).items()
    ]
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Tags=inputs.tags(),
        Dimensions=dimensions,
        **inputs.take(
            ActionsEnabled="actionsEnabled",
            AlarmActions="alarmActions",
            AlarmDescription="alarmDescription",
            ComparisonOperator="comparisonOperator",
            DatapointsToAlarm="datapointsToAlarm",
            EvaluationPeriods="evaluationPeriods",
            ExtendedStatistic="extendedStatistic",
            InsufficientDataActions="insufficientDataActions",
            MetricName="metricName",
            Namespace="namespace",
            OKActions="okActions",
            Period="period",
            Statistic="statistic",
            Threshold="threshold",
            TreatMissingData="treatMissingData",
            Unit="unit",
        ),
        **capitalised(inputs.take(metrics="metricQueries")),
    )
    arn = f"arn:aws:cloudwatch:{request.cloud.region}:{request.cloud.account}:alarm:{name}"
    return Created(
        name, partial(cloudwatch.delete_alarms, AlarmNames=[name]), {"arn": arn, "name": name}
    )


HANDLERS: dict[str, Handler] = {
    "aws:cloudwatch/logGroup:LogGroup": log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": metric_alarm,
}

"""CloudWatch: log groups and alarms."""

from collections.abc import Mapping
from functools import partial
from typing import Any

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
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Tags=inputs.tags(),
        Dimensions=_dimensions(inputs),
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
        Metrics=[_query(each) for each in inputs.get("metricQueries", ())],
    )
    arn = f"arn:aws:cloudwatch:{request.cloud.region}:{request.cloud.account}:alarm:{name}"
    return Created(
        name, partial(cloudwatch.delete_alarms, AlarmNames=[name]), {"arn": arn, "name": name}
    )


def _query(query: Mapping[str, Any]) -> Any:  # noqa: ANN401 (any JSON value)
    """Spell one part of an expression as AWS does, which has the metric's name in one more box."""
    whole = {key: value for key, value in query.items() if key != "metric"}
    if metric := query.get("metric"):
        named = {key: metric[key] for key in ("namespace", "metricName")}
        whole["metricStat"] = {
            "metric": {**named, "dimensions": _dimensions(metric)},
            **{key: metric[key] for key in ("stat", "period")},
        }
    return capitalised(whole)


def _dimensions(inputs: Mapping[str, Any]) -> list[dict[str, str]]:
    given = inputs.get("dimensions", {}).items()
    return [{"Name": key, "Value": value} for key, value in given]


HANDLERS: dict[str, Handler] = {
    "aws:cloudwatch/logGroup:LogGroup": log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": metric_alarm,
}

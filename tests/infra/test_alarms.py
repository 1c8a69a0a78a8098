"""Alarms fire for the right reasons, hear what the dumper says, and tell only the topic."""

import json
from fnmatch import fnmatchcase

import pytest

from functions.telemetry import Telemetry
from tests.support.recorder import Graph, Registration, record

OF_THE_STAGE = {
    f"snapper-prod-{part}" for part in ("dead-letters", "dispatcher", "drill-failed", "unproven")
}
TOPIC = "arn:aws:sns:eu-central-1:123456789012:snapper-prod-alarms"


def alarms(graph: Graph) -> dict[str, Registration]:
    return {one.inputs["name"]: one for one in graph.of("cloudwatch/metricAlarm:MetricAlarm")}


def test_a_failing_dispatcher_fires_at_once(graph: Graph) -> None:
    alarm = alarms(graph)["snapper-prod-dispatcher"].inputs
    keys = ("namespace", "metricName", "statistic", "dimensions", "period")
    name = {"FunctionName": "snapper-prod-dispatcher"}
    assert tuple(alarm[key] for key in keys) == ("AWS/Lambda", "Errors", "Sum", name, 300)


def test_a_dead_letter_fires_at_once_also_while_somebody_hides_it(graph: Graph) -> None:
    alarm = alarms(graph)["snapper-prod-dead-letters"].inputs
    total, *metrics = alarm["metricQueries"]
    assert (total["expression"], total["returnData"]) == ("one + other", True)
    assert [(each["id"], each["metric"]["metricName"]) for each in metrics] == [
        ("one", "ApproximateNumberOfMessagesVisible"),
        ("other", "ApproximateNumberOfMessagesNotVisible"),
    ]
    for each in metrics:
        assert not each.get("returnData")
        assert each["metric"] == {
            "namespace": "AWS/SQS",
            "metricName": each["metric"]["metricName"],
            "stat": "Maximum",
            "dimensions": {"QueueName": "snapper-prod-dead-letters"},
            "period": 300,
        }
    # CloudWatch takes either one metric or an expression.
    assert not alarm.keys() & {"metricName", "namespace", "statistic", "period", "dimensions"}


def test_whatever_fails_fires_at_the_first_data_point(graph: Graph) -> None:
    watched = ("snapper-prod-dead-letters", "snapper-prod-dispatcher")
    for name in watched:
        alarm = alarms(graph)[name].inputs
        assert (alarm["comparisonOperator"], alarm["threshold"]) == ("GreaterThanThreshold", 0)
        assert alarm["evaluationPeriods"] == 1
    silent = {name: alarms(graph)[name].inputs["treatMissingData"] for name in watched}
    # A queue that nobody touches falls silent after some hours; its letters are still there.
    assert silent == {
        "snapper-prod-dead-letters": "ignore",
        "snapper-prod-dispatcher": "notBreaching",
    }


@pytest.mark.parametrize("hours", [25, 36, 168])
def test_a_database_without_a_good_backup_fires_after_its_hours(hours: int) -> None:
    recorded = alarms(record(lateAfterHours=str(hours)))
    for database in ("orders", "people"):
        alarm = recorded[f"snapper-prod-late_{database}"].inputs
        assert (alarm["comparisonOperator"], alarm["threshold"]) == ("LessThanThreshold", 1)
        assert (alarm["statistic"], alarm["treatMissingData"]) == ("Sum", "breaching")
        assert (alarm["period"], alarm["evaluationPeriods"]) == (3600, hours)
        # CloudWatch refuses to look further back than a week.
        assert alarm["period"] * alarm["evaluationPeriods"] <= 7 * 24 * 3600


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [
        ("rate(1 day)", 36),
        ("rate(5 minutes)", 1),
        ("rate(7 hours)", 11),  # 10.5 are no whole number of periods
        ("cron(0 3 ? * MON-FRI *)", 108),  # Friday to Monday
        ("rate(6 days)", 168),  # 216, but no alarm looks back further
    ],
)
def test_unless_told_otherwise_it_fires_after_one_and_a_half_pauses_of_the_schedule(
    schedule: str, hours: int
) -> None:
    alarm = alarms(record(schedule=schedule))["snapper-prod-late_orders"].inputs
    assert (alarm["period"], alarm["evaluationPeriods"]) == (3600, hours)


def test_a_schedule_that_no_alarm_can_watch_is_deployed_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorded = alarms(record(schedule="cron(0 3 ? * SUN *)"))
    assert set(recorded) == OF_THE_STAGE
    assert "no alarm will report late backups of orders, people: cron(0 3 ? * SUN *)" in caplog.text


def test_who_wants_no_alarm_on_late_backups_gets_none_and_no_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorded = alarms(record(lateAfterHours="-1", alarmEmail="operator@example.com"))
    assert set(recorded) == OF_THE_STAGE
    assert caplog.text == ""


def test_a_stage_whose_failures_nobody_is_told_of_is_deployed_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    record()
    assert "nobody is notified of failures: pulumi config set alarmEmail" in caplog.text


def test_a_stage_with_an_address_for_its_alarms_is_deployed_without_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    graph = record(alarmEmail="operator@example.com")
    assert caplog.text == ""
    (subscription,) = graph.of("sns/topicSubscription:TopicSubscription")
    assert subscription.inputs["topic"] == graph.outputs["topic"]


def test_the_late_alarm_listens_to_what_the_dumper_says(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = graph.named("snapper-dumper-function").inputs["environment"]["variables"]
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    Telemetry("dumper", "prod").emit("dump.ended", database="orders", seconds=1.5)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (emitted,) = [line for line in lines if "_aws" in line]
    (directive,) = emitted["_aws"]["CloudWatchMetrics"]
    (dimensions,) = directive["Dimensions"]

    alarm = alarms(graph)["snapper-prod-late_orders"].inputs
    assert directive["Namespace"] == alarm["namespace"]
    assert alarm["metricName"] in [metric["Name"] for metric in directive["Metrics"]]
    # A metric with one dimension more is another metric: the alarm would never hear of it.
    assert {name: emitted[name] for name in dimensions} == alarm["dimensions"]


def test_every_alarm_may_publish_to_the_topic(graph: Graph) -> None:
    allowed, _ = graph.named("snapper-alarms-topic-policy").policy()
    patterns = allowed["Condition"]["ArnLike"]["aws:SourceArn"]
    for name in alarms(graph):
        arn = f"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:{name}"
        assert any(fnmatchcase(arn, pattern) for pattern in patterns)


def test_every_alarm_tells_the_topic_when_it_begins_and_ends(graph: Graph) -> None:
    for alarm in alarms(graph).values():
        assert alarm.inputs["alarmActions"] == alarm.inputs["okActions"] == [TOPIC]


def test_only_alarms_of_this_stage_may_publish_and_only_by_tls(graph: Graph) -> None:
    allowed, denied = graph.named("snapper-alarms-topic-policy").policy()
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (allowed["Action"], allowed["Resource"]) == (["sns:Publish"], [TOPIC])
    mine = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:snapper-prod"
    parts = ("dead-letters", "dispatcher", "drill-failed", "unproven", "late_*")
    assert allowed["Condition"] == {
        "ArnLike": {"aws:SourceArn": [f"{mine}-{part}" for part in parts]},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    }
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_an_address_is_subscribed_only_if_there_is_one(graph: Graph, full_graph: Graph) -> None:
    assert not graph.of("sns/topicSubscription:TopicSubscription")
    (subscription,) = full_graph.of("sns/topicSubscription:TopicSubscription")
    assert subscription.inputs["protocol"] == "email"
    assert subscription.inputs["endpoint"] == "operator@example.com"

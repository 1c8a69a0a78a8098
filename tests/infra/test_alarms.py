"""Alarms fire for the right reasons, hear what the dumper says, and tell only the topic."""

import json
from fnmatch import fnmatchcase

import pytest

from functions.telemetry import Telemetry
from infra.package import ROOT
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


def test_one_alarm_watches_whether_any_database_is_late_and_that_somebody_looks(
    graph: Graph,
) -> None:
    alarm = alarms(graph)["snapper-prod-late"].inputs
    assert (alarm["metricName"], alarm["statistic"]) == ("Late", "Maximum")
    assert (alarm["comparisonOperator"], alarm["threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["treatMissingData"] == "breaching"
    # It is counted once an hour, and that may be a minute late.
    rule = graph.named("snapper-watcher-rule").inputs["scheduleExpression"]
    assert (rule, alarm["period"]) == ("rate(1 hour)", 3600)
    assert alarm["evaluationPeriods"] == 2
    assert "the log of snapper-prod-watcher" in alarm["alarmDescription"]


def test_a_schedule_of_any_pause_is_watched(caplog: pytest.LogCaptureFixture) -> None:
    recorded = alarms(record(schedule="cron(0 3 1 * ? *)", alarmEmail="operator@example.com"))
    assert set(recorded) == {*OF_THE_STAGE, "snapper-prod-late"}
    assert caplog.text == ""


def test_the_pages_say_how_many_alarms_there_are_and_how_many_metrics_they_look_at(
    graph: Graph,
) -> None:
    found = alarms(graph)
    metrics = sum(len(one.inputs.get("metricQueries", [0, 0])) - 1 for one in found.values())
    assert (len(found), metrics) == (5, 6)
    assert "| alarms, of [six metrics](costs.md) together | 5 | 5 |" in page("docs/scale.md")
    assert "the first ten free: six, however many databases" in page("docs/costs.md")


def page(name: str) -> str:
    return ROOT.joinpath(name).read_text()


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


def test_one_database_that_says_its_age_is_enough_for_the_alarm() -> None:
    options = json.dumps({"orders": {"maxAgeHours": 30}})
    assert "snapper-prod-late" in alarms(record(lateAfterHours="-1", databases=options))


def test_the_late_alarm_listens_to_what_the_watcher_says(
    graph: Graph, capsys: pytest.CaptureFixture[str]
) -> None:
    Telemetry("watcher", "prod").emit("backups.watched", databases=2, late=1)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (emitted,) = [line for line in lines if "_aws" in line]
    (directive,) = emitted["_aws"]["CloudWatchMetrics"]
    (dimensions,) = directive["Dimensions"]

    alarm = alarms(graph)["snapper-prod-late"].inputs
    assert directive["Namespace"] == alarm["namespace"]
    assert (alarm["metricName"], emitted[alarm["metricName"]]) == ("Late", [1.0])
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
    parts = ("dead-letters", "dispatcher", "drill-failed", "unproven", "late")
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

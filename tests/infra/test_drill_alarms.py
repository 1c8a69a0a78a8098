"""What a drill finds is heard at once, and so is it, in time, that nothing is proven any more."""

import json

import pytest

from functions.telemetry import Telemetry
from tests.infra.test_alarms import alarms
from tests.support.recorder import Graph, record

OF_THE_STAGE = {"Stage": "prod"}


def test_a_drill_that_fails_fires_at_the_first_data_point(graph: Graph) -> None:
    alarm = alarms(graph)["snapper-prod-drill-failed"].inputs
    assert (alarm["metricName"], alarm["statistic"]) == ("DrillFailed", "Sum")
    assert (alarm["comparisonOperator"], alarm["threshold"]) == ("GreaterThanThreshold", 0)
    assert (alarm["period"], alarm["evaluationPeriods"]) == (300, 1)
    assert alarm["treatMissingData"] == "notBreaching"
    assert alarm["dimensions"] == OF_THE_STAGE


def test_a_database_that_is_unproven_fires_and_so_does_it_that_nobody_counts(graph: Graph) -> None:
    alarm = alarms(graph)["snapper-prod-unproven"].inputs
    assert (alarm["metricName"], alarm["statistic"]) == ("Unproven", "Maximum")
    assert (alarm["comparisonOperator"], alarm["threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["treatMissingData"] == "breaching"
    assert alarm["dimensions"] == OF_THE_STAGE
    # It is counted once an hour, and that may be a minute late.
    rule = graph.named("snapper-prover-rule").inputs["scheduleExpression"]
    assert (rule, alarm["period"]) == ("rate(1 hour)", 3600)
    assert alarm["evaluationPeriods"] == 3


@pytest.mark.parametrize(
    "config",
    [
        {"provenWithinDays": "0"},
        {"drill": "off"},
        {"databases": json.dumps({key: {"drill": "off"} for key in ("orders", "people")})},
    ],
)
def test_who_wants_no_proofs_gets_no_alarm_on_missing_ones(config: dict[str, str]) -> None:
    assert "snapper-prod-unproven" not in alarms(record(**config))


@pytest.mark.parametrize(
    "config", [{"provenWithinDays": "0"}, {"drill": "off"}], ids=["never", "off"]
)
def test_one_database_that_is_to_be_proven_is_enough(config: dict[str, str]) -> None:
    own = {"orders": {"drill": "daily", "provenWithinDays": 3}}
    assert "snapper-prod-unproven" in alarms(record(**config, databases=json.dumps(own)))


@pytest.mark.parametrize(
    ("name", "event", "fields"),
    [
        ("drill-failed", "drill.failed", {"database": "orders", "reason": "torn"}),
        ("unproven", "drill.planned", {"databases": 2, "queued": 1, "unproven": 0}),
    ],
)
def test_the_alarms_listen_to_what_the_prover_says(
    graph: Graph,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    event: str,
    fields: dict[str, str | float],
) -> None:
    told = graph.named("snapper-prover-function").inputs["environment"]["variables"]
    for variable, value in told.items():
        monkeypatch.setenv(variable, value)
    Telemetry("prover", "prod").emit(event, **fields)
    alarm = alarms(graph)[f"snapper-prod-{name}"].inputs
    heard = []
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", ()):
            (dimensions,) = directive["Dimensions"]
            # A metric with one dimension more is another metric: the alarm would never hear of it.
            if {each: line[each] for each in dimensions} == alarm["dimensions"]:
                assert directive["Namespace"] == alarm["namespace"]
                heard += [metric["Name"] for metric in directive["Metrics"]]
    assert alarm["metricName"] in heard

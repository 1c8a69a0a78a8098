"""The prover is called by its hour and its queue, and has the room and the rights it was given."""

import json

import pytest

from snapper.values.packing import unpack
from snapper.values.proving import Proving
from snapper.values.service import Service
from snapper.values.settings import ProverSettings
from tests.infra.test_functions import (
    BUCKET,
    LIST,
    LOGGING,
    LOGS,
    MADE,
    PARAMETERS,
    QUEUES,
    TABLE,
    TAKE,
    VERDICTS,
    rights,
)
from tests.support.few import few
from tests.support.recorder import Graph, record

MB = 1024


def told(graph: Graph) -> ProverSettings:
    environment = graph.named("snapper-prover-function").inputs["environment"]
    return ProverSettings.from_env(environment["variables"])


def signpost(graph: Graph) -> Service:
    return Service.from_json(graph.named("snapper-signpost-parameter").inputs["value"])


def test_the_prover_reads_backups_writes_verdicts_and_knows_no_connection(graph: Graph) -> None:
    verdicts = [*VERDICTS, f"{BUCKET}/*/last-trial.verification.json"]
    assert rights(graph, "prover") == [
        (LOGGING, [f"{LOGS}-prover:*"], None),
        (LIST, TABLE, None),
        (LIST, [f"{PARAMETERS}/OPTIONS", f"{PARAMETERS}/ADDED/OPTIONS"], None),
        (["s3:GetObject"], [*MADE, *verdicts], None),
        (["s3:PutObject"], verdicts, None),
        (["s3:ListBucket"], [BUCKET], None),
        (["sqs:SendMessage"], [f"{QUEUES}-drills"], None),
        (TAKE, [f"{QUEUES}-drills"], None),
        (["sqs:SendMessage"], [f"{QUEUES}-dead-letters"], None),
    ]


def test_one_drill_at_a_time_reaches_a_prover_and_fails_alone(graph: Graph) -> None:
    mapping = graph.named("snapper-prover-jobs")
    assert mapping.inputs["eventSourceArn"] == f"{QUEUES}-drills"
    assert mapping.inputs["functionName"] == "snapper-prod-prover"
    assert mapping.inputs["batchSize"] == 1
    assert mapping.inputs["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping.inputs["scalingConfig"] == {"maximumConcurrency": 2}
    assert "snapper-prover-rights" in mapping.dependencies


def test_every_hour_a_rule_calls_it_and_that_rule_alone_may(graph: Graph) -> None:
    rule = graph.named("snapper-prover-rule").inputs
    assert (rule["name"], rule["scheduleExpression"]) == ("snapper-prod-drills", "rate(1 hour)")
    assert rule["state"] == "ENABLED"
    permission = graph.named("snapper-prover-permission").inputs
    assert permission["function"] == "snapper-prod-prover"
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["sourceArn"].endswith(":rule/snapper-prod-drills")
    target = graph.named("snapper-prover-target")
    assert target.inputs["rule"] == "snapper-prod-drills"
    assert target.inputs["arn"].endswith(":function:snapper-prod-prover")
    assert "snapper-prover-permission" in target.dependencies


def test_it_has_all_the_time_that_there_is_and_two_processors(graph: Graph) -> None:
    function = graph.named("snapper-prover-function").inputs
    assert (function["timeout"], function["memorySize"]) == (900, 3008)


def test_it_has_the_disk_that_was_asked_for_and_knows_how_much_that_is(graph: Graph) -> None:
    for gigabytes, recorded in ((4, graph), (10, record(drillDiskGb="10"))):
        function = recorded.named("snapper-prover-function").inputs
        assert function["ephemeralStorage"] == {"size": gigabytes * MB}
        assert told(recorded).disk_bytes == gigabytes << 30
        assert signpost(recorded).drill_disk_gb == str(gigabytes)


def test_no_other_function_pays_for_more_disk(graph: Graph) -> None:
    functions = {one.name: one.inputs for one in graph.of("lambda/function:Function")}
    with_disk = {name for name, inputs in functions.items() if "ephemeralStorage" in inputs}
    assert with_disk == {"snapper-prover-function"}


@pytest.mark.parametrize(
    ("config", "proving"),
    few(
        [
            ({}, Proving("weekly")),
            ({"drill": "monthly"}, Proving("monthly")),
            ({"drill": "off"}, Proving("off")),
            ({"drill": "daily", "provenWithinDays": "3"}, Proving("daily", 3)),
            ({"provenWithinDays": "0"}, Proving("weekly", 0)),
        ],
        2,
    ),
)
def test_it_and_the_signpost_know_what_the_stage_has_decided(
    config: dict[str, str], proving: Proving
) -> None:
    recorded = record(**config)
    assert told(recorded).proving == proving
    assert signpost(recorded).proving == proving
    assert signpost(recorded).prover == "snapper-prod-prover"


def test_it_knows_where_drills_come_from_and_where_those_go_that_failed(graph: Graph) -> None:
    settings = told(graph)
    assert settings.bucket == graph.outputs["bucket"]
    assert settings.queue_url == graph.outputs["queue_url"].replace("-jobs", "-drills")
    assert settings.dead_letter_url == graph.outputs["dead_letter_url"]
    assert (settings.stage, settings.parameter_root) == ("prod", "/snapper/prod")


def test_it_reads_what_it_is_told_of_the_databases(graph: Graph) -> None:
    options = json.dumps({"orders": {"drill": "daily", "assertions": ["SELECT true"]}})
    recorded = record(databases=options)
    stored = recorded.named("snapper-secrets-options-0").inputs
    (listed,) = (
        one["Resource"]
        for one in graph.named("snapper-prover-rights").policy()
        if "/OPTIONS" in str(one["Resource"])
    )
    assert stored["name"].startswith(f"{listed[0].partition(':parameter')[2]}/")
    assert "SELECT true" in unpack(stored["value"])["orders"]

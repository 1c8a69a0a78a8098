"""Containers for drills that do not fit the prover: as the prover, and with room for a copy."""

import json
from typing import Any

import pytest

from snapper.values.fit import CONTAINER_ROOM_GB
from snapper.values.service import Service
from snapper.values.settings import ProverSettings
from tests.infra.test_batch import BATCH, actions
from tests.infra.test_functions import BUCKET, LIST, MADE, PARAMETERS, TABLE, VERDICTS
from tests.support.recorder import Graph, record
from tests.support.rights import listed
from tests.support.sdk import faults

NAME = "snapper-prover-batch"


@pytest.fixture(scope="module")
def large() -> Graph:
    return record(largeDatabases="true", drillDiskGb="3")


def properties(graph: Graph) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(
        graph.named(f"{NAME}-definition").inputs["containerProperties"]
    )
    return said


def told(graph: Graph) -> dict[str, str]:
    return {each["name"]: each["value"] for each in properties(graph)["environment"]}


def test_without_the_setting_the_prover_hands_nothing_over(graph: Graph) -> None:
    assert "batch:SubmitJob" not in actions(graph, "snapper-prover-rights")
    variables = graph.named("snapper-prover-function").inputs["environment"]["variables"]
    assert not [name for name in variables if "BATCH" in name]


def test_every_input_is_one_that_the_provider_knows(large: Graph) -> None:
    for one in large:
        if one.custom and NAME in one.name:
            assert faults(one.type, one.inputs) == []


def test_a_container_may_what_the_prover_may_without_its_queues_and_fetch_its_code(
    large: Graph,
) -> None:
    verdicts = [*VERDICTS, f"{BUCKET}/*/last-trial.verification.json"]
    found = [
        (one["Action"], one["Resource"])
        for one in large.named(f"{NAME}-job-rights").policy()
        if "code-" not in json.dumps(one)
    ]
    assert found == [
        (LIST, TABLE),
        (LIST, [f"{PARAMETERS}/OPTIONS", f"{PARAMETERS}/ADDED/OPTIONS"]),
        (["s3:GetObject"], [*MADE, *verdicts]),
        (["s3:PutObject"], verdicts),
        (["s3:ListBucket"], [BUCKET]),
    ]
    stored = large.of("s3/bucketObjectv2:BucketObjectv2")
    keys = {one.inputs["key"] for one in stored if one.name.startswith(NAME)}
    assert len(keys) == 4
    (fetching,) = [
        one for one in large.named(f"{NAME}-job-rights").policy() if "code-" in json.dumps(one)
    ]
    assert {each.rpartition("/")[2] for each in listed(fetching["Resource"])} == keys


def test_it_has_the_server_and_the_disk_of_a_container_and_knows_what_the_prover_knows(
    large: Graph,
) -> None:
    assert properties(large)["ephemeralStorage"] == {"sizeInGiB": 200}
    variables = told(large)
    code, *layers = variables["SNAPPER_CODE"].split()
    assert large.named(f"{NAME}-code-functions").inputs["key"] == f"{code}.zip"
    assert f"{layers[-1]}.zip" == large.named(f"{NAME}-code-server").inputs["key"]
    assert variables["SNAPPER_MODULE"] == "functions.drill"
    settings = ProverSettings.from_env(variables)
    assert settings.disk_gb == str(CONTAINER_ROOM_GB)
    assert settings.batch_queue == ""
    assert "hush" not in json.dumps(properties(large))


def test_in_the_default_network_it_reaches_no_port_of_a_database(large: Graph) -> None:
    group = large.named(f"{NAME}-group").inputs
    assert "ingress" not in group
    (way,) = group["egress"]
    assert (way["protocol"], way["fromPort"], way["toPort"]) == ("tcp", 443, 443)


def test_no_drill_takes_the_place_of_a_dump(large: Graph) -> None:
    made = large.named(f"{NAME}-environment").inputs["computeResources"]
    assert made["maxVcpus"] == 8
    variables = large.named("snapper-prover-function").inputs["environment"]["variables"]
    assert variables["SNAPPER_BATCH_QUEUE"] == f"{BATCH}:job-queue/snapper-prod-large-drills"
    assert variables["SNAPPER_BATCH_DEFINITION"] == (
        f"{BATCH}:job-definition/snapper-prod-large-drills"
    )


def test_the_command_line_learns_where_they_log(large: Graph) -> None:
    said = Service.from_json(large.named("snapper-signpost-parameter").inputs["value"])
    assert said.drill_log_groups == (
        "/aws/lambda/snapper-prod-prover",
        "/aws/batch/snapper-prod-large-drills",
    )

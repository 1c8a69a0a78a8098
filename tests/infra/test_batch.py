"""Containers for large databases: made only on demand, closed to everybody, as the dumper is."""

import json
from typing import Any

import pulumi
import pytest

from tests.infra.conftest import BOUNDARY_ARN
from tests.support.recorder import Graph, record, record_in
from tests.support.rights import listed
from tests.support.sdk import faults

NAME = "snapper-dumper-batch"
BATCH = "arn:aws:batch:eu-central-1:123456789012"
QUEUES = "arn:aws:sqs:eu-central-1:123456789012:snapper-prod"


@pytest.fixture(scope="module")
def large() -> Graph:
    return record(largeDatabases="true", maxConcurrency="3", permissionsBoundary=BOUNDARY_ARN)


@pytest.fixture(scope="module")
def private() -> Graph:
    network = {"subnetIds": '["subnet-0b", "subnet-0a"]', "securityGroupIds": '["sg-0c"]'}
    return record_in({}, largeDatabases="true", **network)


def properties(graph: Graph) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(
        graph.named(f"{NAME}-definition").inputs["containerProperties"]
    )
    return said


def actions(graph: Graph, policy: str) -> set[str]:
    return {action for one in graph.named(policy).policy() for action in listed(one["Action"])}


def test_without_the_setting_there_is_nothing_of_it(graph: Graph) -> None:
    assert not [one for one in graph if "batch" in one.name or "batch" in one.type]
    assert "batch:SubmitJob" not in actions(graph, "snapper-dumper-rights")
    variables = graph.named("snapper-dumper-function").inputs["environment"]["variables"]
    assert not [name for name in variables if "BATCH" in name]


def test_every_input_is_one_that_the_provider_knows(large: Graph) -> None:
    for one in large:
        if one.custom and (NAME in one.name):
            assert faults(one.type, one.inputs) == []


def test_containers_run_on_fargate_as_large_and_as_many_as_the_stage_says(large: Graph) -> None:
    made = large.named(f"{NAME}-environment").inputs["computeResources"]
    assert (made["type"], made["maxVcpus"]) == ("FARGATE", 3 * 16)
    definition = large.named(f"{NAME}-definition").inputs
    assert definition["platformCapabilities"] == ["FARGATE"]
    assert definition["timeout"] == {"attemptDurationSeconds": 24 * 3600}
    assert definition["retryStrategy"]["attempts"] == 3


def test_in_the_default_network_nothing_comes_in(large: Graph) -> None:
    made = large.named(f"{NAME}-environment").inputs["computeResources"]
    assert made["subnets"] == ["subnet-0a", "subnet-0b"]
    group = large.named(f"{NAME}-group").inputs
    assert group["vpcId"] == "vpc-0a"
    assert "ingress" not in group
    assert properties(large)["networkConfiguration"] == {"assignPublicIp": "ENABLED"}


def test_in_the_operators_network_nothing_is_looked_up_and_no_address_is_public(
    private: Graph,
) -> None:
    made = private.named(f"{NAME}-environment").inputs["computeResources"]
    assert (made["subnets"], made["securityGroupIds"]) == (["subnet-0a", "subnet-0b"], ["sg-0c"])
    assert private.of("ec2/securityGroup:SecurityGroup") == []
    assert properties(private)["networkConfiguration"] == {"assignPublicIp": "DISABLED"}


@pytest.mark.parametrize(("networks", "subnets"), [([], []), (["vpc-0a"], [])])
def test_an_account_without_a_default_network_is_told_what_to_set(
    networks: list[str], subnets: list[str]
) -> None:
    known = {
        "aws:ec2/getVpcs:getVpcs": {"ids": networks},
        "aws:ec2/getSubnets:getSubnets": {"ids": subnets},
    }
    with pytest.raises(pulumi.RunError, match="set subnetIds and securityGroupIds"):
        record_in(known, largeDatabases="true")


def test_a_container_may_what_a_dumper_may_and_fetch_its_own_code(large: Graph) -> None:
    job, dumper = (
        actions(large, f"{NAME}-job-rights"),
        actions(large, "snapper-dumper-rights"),
    )
    assert job - dumper == {"s3:GetObject"}
    assert {each.split(":")[0] for each in job} == {"s3", "sqs", "ssm"}
    (fetching,) = [
        one
        for one in large.named(f"{NAME}-job-rights").policy()
        if one["Action"] == ["s3:GetObject"]
    ]
    stored = large.of("s3/bucketObjectv2:BucketObjectv2")
    keys = {one.inputs["key"] for one in stored if one.name.startswith(NAME)}
    code = "arn:aws:s3:::code-snapper-prod-0123456789"
    assert set(fetching["Resource"]) == {f"{code}/{key}" for key in keys}
    assert len(keys) == 3


def test_what_starts_a_container_may_write_its_log_alone(large: Graph) -> None:
    (logging,) = large.named(f"{NAME}-start-rights").policy()
    assert logging["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert logging["Resource"] == [
        "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/batch/snapper-prod-large:*"
    ]


def test_only_containers_of_this_account_may_take_the_roles_and_both_have_the_boundary(
    large: Graph,
) -> None:
    for part in ("job", "start"):
        role = large.named(f"{NAME}-{part}-role")
        (trust,) = role.policy("assumeRolePolicy")
        assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
        assert role.inputs["permissionsBoundary"] == BOUNDARY_ARN


def test_the_dumper_submits_to_exactly_this_queue_and_definition(large: Graph) -> None:
    queue = f"{BATCH}:job-queue/snapper-prod-large"
    definition = f"{BATCH}:job-definition/snapper-prod-large"
    found = [
        (one["Action"], one["Resource"])
        for one in large.named("snapper-dumper-rights").policy()
        if one["Action"][0].startswith("batch:")
    ]
    assert found == [
        (["batch:SubmitJob"], [queue, definition, f"{definition}:*"]),
        (["batch:ListJobs"], ["*"]),
    ]
    variables = large.named("snapper-dumper-function").inputs["environment"]["variables"]
    assert variables["SNAPPER_BATCH_QUEUE"] == queue
    assert variables["SNAPPER_BATCH_DEFINITION"] == definition


def test_a_container_knows_what_a_dumper_knows_and_where_its_code_is_but_no_secret(
    large: Graph,
) -> None:
    told = {each["name"]: each["value"] for each in properties(large)["environment"]}
    dumper = large.named("snapper-dumper-function").inputs["environment"]["variables"]
    assert {name: value for name, value in dumper.items() if "BATCH" not in name}.items() <= (
        told.items()
    )
    assert told["AWS_REGION"] == "eu-central-1"
    code, *layers = told["SNAPPER_CODE"].split()
    assert large.named(f"{NAME}-code-functions").inputs["key"] == f"{code}.zip"
    assert len(layers) == 2
    assert "hush" not in json.dumps(properties(large))


def test_the_code_is_private_encrypted_and_goes_with_the_stage(large: Graph) -> None:
    bucket = large.named(f"{NAME}-code-bucket")
    assert bucket.inputs["forceDestroy"] is True
    blocked = large.named(f"{NAME}-code-public-access-block").inputs
    assert [blocked[key] for key in blocked if key != "bucket"] == [True] * 4
    (tls,) = large.named(f"{NAME}-code-policy").policy()
    assert (tls["Effect"], tls["Principal"]) == ("Deny", "*")
    (encrypted,) = large.named(f"{NAME}-code-encryption").inputs["rules"]
    assert encrypted["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    for stored in large.of("s3/bucketObjectv2:BucketObjectv2"):
        assert stored.retained, "what waits in the queue finds the code that it names"


def test_every_failure_of_a_container_of_this_stage_becomes_a_dead_letter(large: Graph) -> None:
    rule = large.named(f"{NAME}-failed").inputs
    assert json.loads(rule["eventPattern"]) == {
        "source": ["aws.batch"],
        "detail-type": ["Batch Job State Change"],
        "detail": {"status": ["FAILED"], "jobQueue": [f"{BATCH}:job-queue/snapper-prod-large"]},
    }
    assert large.named(f"{NAME}-failed-target").inputs["arn"] == f"{QUEUES}-dead-letters"
    policy = large.named("snapper-queue-dead-letters-policy").policy()
    (allowed,) = [one for one in policy if one["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    rules = "arn:aws:events:eu-central-1:123456789012:rule"
    both = [f"{rules}/{rule['name']}", f"{rules}/snapper-prod-large-drills-failed"]
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": both}}


def test_without_containers_nobody_writes_to_the_dead_letters_without_a_role(graph: Graph) -> None:
    policy = graph.named("snapper-queue-dead-letters-policy").policy()
    assert [one["Effect"] for one in policy] == ["Deny"]


def test_what_is_kept_of_the_log_is_what_the_stage_says(large: Graph) -> None:
    group = large.named(f"{NAME}-logs").inputs
    assert group["name"] == "/aws/batch/snapper-prod-large"
    assert group["retentionInDays"] == 30


def test_what_batch_says_cannot_begin_is_ended_for_the_reasons_that_it_takes(large: Graph) -> None:
    """By AWS's guide it ends none for other reasons, and waits 10 minutes to 24 hours."""
    for each in large.of("batch/jobQueue:JobQueue"):
        limits = each.inputs["jobStateTimeLimitActions"]
        assert {one["reason"] for one in limits} == {
            "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
            "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
            "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
        }
        assert {(one["state"], one["action"]) for one in limits} == {("RUNNABLE", "CANCEL")}
        assert all(600 <= one["maxTimeSeconds"] <= 86_400 for one in limits)

"""The boundary is what all roles need together, no less and no more; with the setting all have it.

And the two policies of one stage name all that this stage has and nothing that another could have.
"""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.infra.conftest import BOUNDARY_ARN, KEY_ARN, SECRET_ARN
from tests.support.deployments import document_of
from tests.support.recorder import ACCOUNT, REGION, RESTORING, Graph, record
from tests.support.rights import listed

STAGES = ("prod", "prod-2", "prod-dead", "prod-late", "prod-dumper", "p", "pro", "prod-prod")
BUCKET_END = "202611260112345678000000a1"


def roles(*graphs: Graph) -> Iterator[Mapping[str, Any]]:
    for graph in graphs:
        for one in graph.of("iam/rolePolicy:RolePolicy"):
            yield from (each for each in one.policy() if each["Effect"] == "Allow")


def covers(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    patterns = listed(statement["Resource"])
    return action in listed(statement["Action"]) and any(
        fnmatchcase(resource, pattern) for pattern in patterns
    )


def arns(graph: Graph) -> set[str]:
    """Everything of a stage that has a name, as AWS names it."""
    made = {
        f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{one.inputs['name']}"
        for one in graph.of("cloudwatch/metricAlarm:MetricAlarm")
    }
    ways = {
        "sqs/queue:Queue": "sqs:{place}:{}",
        "iam/role:Role": "iam::{account}:role/{}",
        "lambda/function:Function": "lambda:{place}:function:{}",
        "cloudwatch/logGroup:LogGroup": "logs:{place}:log-group:{}",
        "cloudwatch/eventRule:EventRule": "events:{place}:rule/{}",
        "sns/topic:Topic": "sns:{place}:{}",
        "ssm/parameter:Parameter": "ssm:{place}:parameter{}",
        "batch/computeEnvironment:ComputeEnvironment": "batch:{place}:compute-environment/{}",
        "batch/jobQueue:JobQueue": "batch:{place}:job-queue/{}",
        "batch/jobDefinition:JobDefinition": "batch:{place}:job-definition/{}:3",
    }
    for kind, way in ways.items():
        for one in graph.of(kind):
            filled = way.format(one.inputs["name"], place=f"{REGION}:{ACCOUNT}", account=ACCOUNT)
            made.add(f"arn:aws:{filled}")
    for one in graph.of("lambda/layerVersion:LayerVersion"):
        name = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{one.inputs['layerName']}"
        made |= {name, f"{name}:7"}
    return made | {
        f"arn:aws:s3:::{bucket.inputs['bucketPrefix']}{BUCKET_END}"
        for bucket in graph.of("s3/bucket:Bucket")
    }


@pytest.fixture(scope="module")
def belongings() -> dict[str, set[str]]:
    return {
        stage: arns(record(stage=stage, **RESTORING, replica='{"region": "eu-west-1"}'))
        for stage in STAGES
    }


def test_without_the_setting_no_role_has_a_boundary(graph: Graph) -> None:
    assert [one for one in graph.of("iam/role:Role") if "permissionsBoundary" in one.inputs] == []


@pytest.fixture(scope="module")
def large_graph() -> Graph:
    return record(stage="full", permissionsBoundary=BOUNDARY_ARN, kmsKeyArn=KEY_ARN, **RESTORING)


COPYING = {
    "replica": json.dumps(
        {
            "region": "eu-west-1",
            "accountId": "210987654321",
            "kmsKeyArn": KEY_ARN.replace(REGION, "eu-west-1"),
        }
    ),
    "objectLock": json.dumps({"mode": "governance", "days": 3}),
}


@pytest.fixture(scope="module")
def copying_graph() -> Graph:
    return record(permissionsBoundary=BOUNDARY_ARN, kmsKeyArn=KEY_ARN, **COPYING)


def test_with_the_setting_every_role_has_it(full_graph: Graph, large_graph: Graph) -> None:
    for graph in (full_graph, large_graph):
        found = [one.inputs["permissionsBoundary"] for one in graph.of("iam/role:Role")]
        assert set(found) == {BOUNDARY_ARN}
        # What a container may, and what starts it.
        containers = 2 * len(graph.of("batch/jobDefinition:JobDefinition"))
        assert len(found) == len(graph.of("lambda/function:Function")) + containers


@pytest.mark.long
def test_the_boundary_leaves_every_role_what_it_needs(
    graph: Graph, full_graph: Graph, large_graph: Graph, kept_graph: Graph, copying_graph: Graph
) -> None:
    boundary = document_of("boundary")["Statement"]
    for needed in roles(graph, full_graph, large_graph, kept_graph, copying_graph):
        for action in listed(needed["Action"]):
            for resource in listed(needed["Resource"]):
                found = [each for each in boundary if covers(each, action, resource)]
                assert found, (action, resource)
                via = needed.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService")
                for each in found:
                    allowed = each.get("Condition", {}).get("StringLike", {}).get("kms:ViaService")
                    assert bool(via) is bool(allowed)
                    assert not via or any(fnmatchcase(via, pattern) for pattern in allowed)


def test_the_boundary_has_nothing_that_no_role_needs(
    graph: Graph, full_graph: Graph, large_graph: Graph, kept_graph: Graph, copying_graph: Graph
) -> None:
    all_roles = roles(graph, full_graph, large_graph, kept_graph, copying_graph)
    needed = {action for each in all_roles for action in listed(each["Action"])}
    for statement in document_of("boundary")["Statement"]:
        assert statement["Effect"] == "Allow"
        assert set(listed(statement["Action"])) <= needed
        assert "snapper" in str(statement["Resource"]) or statement["Sid"].startswith("OnlyWith")


def test_no_secret_and_no_database_user_is_within_the_boundary_by_itself(
    signing_graph: Graph,
) -> None:
    """Or whoever deploys could name any secret of the account, and have it sent to them."""
    boundary = document_of("boundary")["Statement"]
    needed = [
        (action, resource)
        for each in roles(signing_graph)
        for action in listed(each["Action"])
        for resource in listed(each["Resource"])
        if not any(covers(statement, action, resource) for statement in boundary)
    ]
    user = "arn:aws:rds-db:eu-west-1:123456789012:dbuser:*/backup"
    assert needed == [
        ("rds-db:connect", user),
        ("secretsmanager:GetSecretValue", SECRET_ARN),
    ]


def of_document(name: str, stage: str | None = None) -> list[Mapping[str, Any]]:
    """The statements of a policy; who deploys may have two."""
    names = (
        (name, "deploy-large-policy", "deploy-replica-policy")
        if name == "deploy-policy"
        else (name,)
    )
    return [each for part in names for each in document_of(part, stage)["Statement"]]


@pytest.mark.long
@pytest.mark.parametrize("document", ["deploy-policy", "boundary"])
@pytest.mark.parametrize("stage", STAGES)
def test_the_policies_of_one_stage_cover_nothing_of_another(
    belongings: dict[str, set[str]], document: str, stage: str
) -> None:
    patterns = {
        pattern
        for each in of_document(document, stage)
        for pattern in listed(each["Resource"])
        if "snapper" in pattern
    }
    for other, theirs in belongings.items():
        covered = {arn for arn in theirs for each in patterns if fnmatchcase(arn, each)}
        if other != stage:
            assert covered == set()
        elif document == "deploy-policy":
            assert covered == theirs


@pytest.mark.long
def test_the_policies_of_all_stages_cover_all_of_them(belongings: dict[str, set[str]]) -> None:
    patterns = [
        pattern for each in of_document("deploy-policy") for pattern in listed(each["Resource"])
    ]
    for arn in set().union(*belongings.values()):
        assert any(fnmatchcase(arn, each) for each in patterns), arn


def test_no_right_to_make_or_change_a_role_is_without_its_condition() -> None:
    dangerous = {"Create", "Put", "Attach", "Update", "DeleteRolePolicy", "Add"}
    for each in document_of("deploy-policy")["Statement"]:
        for action in listed(each["Action"]):
            verb = action.removeprefix("iam:")
            if verb != action and any(verb.startswith(word) for word in dangerous):
                boundary = each["Condition"]["ArnLike"]["iam:PermissionsBoundary"]
                assert boundary == "arn:aws:iam::*:policy/snapper-boundary"
            assert not verb.startswith(("Attach", "DeleteRolePermissionsBoundary", "CreatePolicy"))
            assert "policy/" not in str(each["Resource"])

"""Each function may do exactly its work, and is called by exactly its caller."""

from typing import Any

import pytest

from snapper.values.settings import (
    DispatcherSettings,
    DumperSettings,
    PrunerSettings,
)
from tests.infra.conftest import KEY_ARN
from tests.support.recorder import Graph

QUEUES = "arn:aws:sqs:eu-central-1:123456789012:snapper-prod"
PARAMETERS = "arn:aws:ssm:eu-central-1:123456789012:parameter/snapper/prod"
LOGS = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/snapper-prod"
BUCKET = "arn:aws:s3:::snapper-prod-0123456789"
LOGGING = ["logs:CreateLogStream", "logs:PutLogEvents"]
PARTS = ("dispatcher", "dumper", "prover", "pruner", "watcher")
EACH = pytest.mark.parametrize("part", PARTS)


def rights(graph: Graph, part: str) -> list[tuple[list[str], list[str], Any]]:
    statements = graph.named(f"snapper-{part}-rights").policy()
    allowed = [one for one in statements if one["Effect"] == "Allow"]
    return [(one["Action"], one["Resource"], one.get("Condition")) for one in allowed]


def test_the_dispatcher_lists_names_sends_jobs_and_nothing_else(graph: Graph) -> None:
    assert rights(graph, "dispatcher") == [
        (LOGGING, [f"{LOGS}-dispatcher:*"], None),
        (LIST, TABLE, None),
        (LIST, [f"{PARAMETERS}/OPTIONS", f"{ADDED}/OPTIONS"], None),
        (["sqs:SendMessage"], [f"{QUEUES}-jobs", f"{QUEUES}-dead-letters"], None),
    ]


TAKE = [
    f"sqs:{verb}"
    for verb in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
]
TIME = "????-??-??T??-??-??Z"
BACKUPS = f"{BUCKET}/*/{TIME}"
MARK = f"{BACKUPS}.begun-{TIME}"
DUMPS = [f"{BACKUPS}.sql.gz", f"{BACKUPS}.sql.gz.age"]
LISTS = [f"{BACKUPS}.contents.json", f"{BACKUPS}.contents.json.age"]
MADE = [*DUMPS, f"{BACKUPS}.manifest.json", *LISTS]
VERDICTS = [f"{BACKUPS}.verification.json", f"{BACKUPS}.damaged.json"]
LIST = ["ssm:GetParametersByPath"]
ADDED = f"{PARAMETERS}/ADDED"
TABLE = [
    *(f"{PARAMETERS}/DATABASES", f"{PARAMETERS}/BACKUP_STORAGE_DATA"),
    *(f"{ADDED}/HEADS", f"{ADDED}/TABLES/*"),
]
READ = [
    f"{PARAMETERS}/{secret}/*"
    for secret in (
        *("DATABASE_CONN_STRINGS", "OPTIONS", "BACKUP_STORAGE_DATA"),
        *("ADDED/DATABASE_CONN_STRINGS", "ADDED/OPTIONS"),
    )
]


def test_the_dumper_reads_its_secrets_makes_backups_and_touches_none_that_is_there(
    graph: Graph,
) -> None:
    assert rights(graph, "dumper") == [
        (LOGGING, [f"{LOGS}-dumper:*"], None),
        (LIST, TABLE, None),
        (["ssm:GetParameter"], READ, None),
        (["s3:PutObject"], [*MADE, MARK], None),
        (["s3:AbortMultipartUpload"], DUMPS, None),
        (["s3:ListBucket"], [BUCKET], None),
        (["sqs:SendMessage"], [f"{QUEUES}-jobs"], None),
        (TAKE, [f"{QUEUES}-jobs"], None),
        (["ec2:DeleteNetworkInterface"], ["arn:aws:ec2:eu-central-1:123456789012:*/*"], None),
        (["ec2:DescribeNetworkInterfaces"], ["*"], None),
    ]


def test_the_pruner_knows_the_counts_lists_deletes_and_nothing_else(graph: Graph) -> None:
    assert rights(graph, "pruner") == [
        (LOGGING, [f"{LOGS}-pruner:*"], None),
        (LIST, TABLE, None),
        # What is pinned without an end, it cannot let go.
        (["s3:DeleteObject"], [*MADE, *VERDICTS, MARK, f"{BACKUPS}.kept-until-{TIME}"], None),
        (["s3:ListBucket"], [BUCKET], None),
        (["sqs:SendMessage"], [f"{QUEUES}-dead-letters"], None),
    ]


def test_the_customers_key_serves_only_through_ssm_and_s3(graph: Graph, full_graph: Graph) -> None:
    via = "kms:ViaService"
    assert [right for right in rights(full_graph, "dumper") if right[1] == [KEY_ARN]] == [
        (
            ["kms:Decrypt"],
            [KEY_ARN],
            {"StringEquals": {via: "ssm.eu-central-1.amazonaws.com"}},
        ),
        (
            ["kms:Decrypt", "kms:GenerateDataKey"],
            [KEY_ARN],
            {"StringEquals": {via: "s3.eu-central-1.amazonaws.com"}},
        ),
    ]
    assert [right for right in rights(full_graph, "dispatcher") if right[1] == [KEY_ARN]] == [
        (["kms:Decrypt"], [KEY_ARN], {"StringEquals": {via: "ssm.eu-central-1.amazonaws.com"}}),
    ]
    # Who writes verdicts needs a new data key, as who writes dumps does.
    prover, dumper = (
        [right for right in rights(full_graph, part) if right[1] == [KEY_ARN]]
        for part in ("prover", "dumper")
    )
    assert prover == dumper
    # Who lists and deletes objects reads none, and needs no key for it.
    for part in ("pruner", "watcher"):
        assert rights(full_graph, part)[2] == rights(full_graph, "dispatcher")[2]
    assert "kms" not in repr([rights(graph, part) for part in PARTS])


def test_no_right_is_on_everything_except_where_aws_knows_no_narrower(
    graph: Graph, full_graph: Graph
) -> None:
    # EC2 has no resources for describing; Lambda's guide wants deleting on all of the account's.
    describing = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
    for deployed, actions in ((graph, describing[:1]), (full_graph, describing)):
        assert [
            right[:2] for part in PARTS for right in rights(deployed, part) if "*" in right[1]
        ] == [(actions, ["*"])]


def test_a_dumper_in_a_network_may_keep_interfaces_there(full_graph: Graph) -> None:
    changing = [
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    ]
    everywhere = ["arn:aws:ec2:eu-central-1:123456789012:*/*"]
    assert (changing, everywhere, None) in rights(full_graph, "dumper")
    assert full_graph.named("snapper-dumper-function").inputs["vpcConfig"] == {
        "securityGroupIds": ["sg-0c"],
        "subnetIds": ["subnet-0a", "subnet-0b"],
    }


def test_what_lambda_may_do_in_a_network_the_dumpers_own_code_may_not(
    graph: Graph, full_graph: Graph
) -> None:
    for deployed, stage in ((graph, "prod"), (full_graph, "full")):
        statements = deployed.named("snapper-dumper-rights").policy()
        (denied,) = [one for one in statements if one["Effect"] == "Deny"]
        assert (denied["Action"], denied["Resource"]) == (["ec2:*"], ["*"])
        dumper = f"arn:aws:lambda:eu-central-1:123456789012:function:snapper-{stage}-dumper"
        assert denied["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": dumper}}


def test_a_dumper_that_left_a_network_lets_lambda_delete_its_interfaces(graph: Graph) -> None:
    """Lambda does so by the role's rights, minutes after the subnets were taken away."""
    allowed = [action for actions, _, _ in rights(graph, "dumper") for action in actions]
    assert [action for action in allowed if action.startswith("ec2:")] == [
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
    ]


def test_without_a_network_no_function_is_in_one(graph: Graph, full_graph: Graph) -> None:
    others = [rights(full_graph, part) for part in PARTS if part != "dumper"]
    assert "ec2:" not in repr(others)
    assert "vpcConfig" not in graph.named("snapper-dumper-function").inputs
    for part in ("dispatcher", "prover", "pruner"):
        assert "vpcConfig" not in full_graph.named(f"snapper-{part}-function").inputs


@EACH
def test_only_lambda_may_take_the_role(graph: Graph, part: str) -> None:
    assert graph.named(f"snapper-{part}-role").policy("assumeRolePolicy") == [
        {
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    ]


@EACH
def test_a_function_runs_our_handler_on_the_chosen_processor(
    graph: Graph, full_graph: Graph, part: str
) -> None:
    name = f"snapper-{part}-function"
    function = graph.named(name).inputs
    assert function["handler"] == f"functions.{part}.handler"
    assert function["runtime"] == "python3.13"
    assert function["architectures"] == ["arm64"]
    assert function["role"].endswith(f"role/snapper-prod-{part}")
    assert full_graph.named(name).inputs["architectures"] == ["x86_64"]


@EACH
def test_a_function_waits_for_its_rights_and_its_log_group(graph: Graph, part: str) -> None:
    function = graph.named(f"snapper-{part}-function")
    assert function.dependencies >= {f"snapper-{part}-rights", f"snapper-{part}-logs"}
    logs = graph.named(f"snapper-{part}-logs").inputs
    assert logs["name"] == f"/aws/lambda/{function.inputs['name']}"
    assert logs["retentionInDays"] == 30


def test_each_function_is_told_what_it_reads(graph: Graph) -> None:
    def told(part: str) -> dict[str, str]:
        environment = graph.named(f"snapper-{part}-function").inputs["environment"]
        variables: dict[str, str] = environment["variables"]
        return variables

    assert (
        told("dispatcher")
        == DispatcherSettings("prod", "/snapper/prod", graph.outputs["queue_url"]).to_env()
    )
    dumper = DumperSettings(
        "prod",
        "/snapper/prod",
        graph.outputs["bucket"],
        queue_url=graph.outputs["queue_url"],
        max_per_server="2",
    )
    assert told("dumper") == dumper.to_env()
    assert (
        told("pruner") == PrunerSettings("prod", "/snapper/prod", graph.outputs["bucket"]).to_env()
    )


def test_each_function_has_the_layers_it_needs(graph: Graph) -> None:
    layers = "arn:aws:lambda:eu-central-1:123456789012:layer:snapper-prod"
    dependencies, postgresql = f"{layers}-dependencies:1", f"{layers}-postgresql:1"
    for part in ("dispatcher", "pruner", "watcher"):
        assert graph.named(f"snapper-{part}-function").inputs["layers"] == [dependencies]
    server = f"{layers}-postgresql-server:1"
    all_three = [dependencies, postgresql, server]
    assert graph.named("snapper-prover-function").inputs["layers"] == all_three
    assert graph.named("snapper-dumper-function").inputs["layers"] == [dependencies, postgresql]
    for one in graph.of("lambda/layerVersion:LayerVersion"):
        assert one.inputs["compatibleArchitectures"] == ["arm64"]
        assert one.inputs["compatibleRuntimes"] == ["python3.13"]


def test_one_job_at_a_time_reaches_a_dumper_and_fails_alone(
    graph: Graph, full_graph: Graph
) -> None:
    name = "snapper-dumper-jobs"
    mapping = graph.named(name)
    assert mapping.inputs["eventSourceArn"] == f"{QUEUES}-jobs"
    assert mapping.inputs["functionName"] == "snapper-prod-dumper"
    assert mapping.inputs["batchSize"] == 1
    assert mapping.inputs["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping.inputs["scalingConfig"] == {"maximumConcurrency": 4}
    assert full_graph.named(name).inputs["scalingConfig"] == {"maximumConcurrency": 2}
    assert "snapper-dumper-rights" in mapping.dependencies


def test_the_rule_calls_the_dispatcher_and_it_alone_may(graph: Graph) -> None:
    rule = graph.named("snapper-dispatcher-rule").inputs
    assert (rule["scheduleExpression"], rule["state"]) == ("rate(1 day)", "ENABLED")
    permission = graph.named("snapper-dispatcher-permission").inputs
    assert permission["action"] == "lambda:InvokeFunction"
    assert permission["function"] == "snapper-prod-dispatcher"
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["sourceArn"].endswith(":rule/snapper-prod-schedule")
    target = graph.named("snapper-dispatcher-target")
    assert target.inputs["rule"] == "snapper-prod-schedule"
    assert target.inputs["arn"].endswith(":function:snapper-prod-dispatcher")
    assert "snapper-dispatcher-permission" in target.dependencies


@pytest.mark.parametrize("part", ["dispatcher", "prover", "pruner"])
def test_an_event_that_failed_to_the_end_joins_the_dead_letters(graph: Graph, part: str) -> None:
    failures = graph.named(f"snapper-{part}-failures")
    assert failures.inputs["functionName"] == f"snapper-prod-{part}"
    assert failures.inputs["maximumRetryAttempts"] == 2
    assert failures.inputs["destinationConfig"] == {
        "onFailure": {"destination": f"{QUEUES}-dead-letters"}
    }
    assert f"snapper-{part}-rights" in failures.dependencies


def test_the_vault_calls_the_pruner_for_each_manifest_and_it_alone_may(graph: Graph) -> None:
    permission = graph.named("snapper-pruner-permission").inputs
    assert permission["action"] == "lambda:InvokeFunction"
    assert permission["function"] == "snapper-prod-pruner"
    assert permission["principal"] == "s3.amazonaws.com"
    assert (permission["sourceArn"], permission["sourceAccount"]) == (BUCKET, "123456789012")
    notification = graph.named("snapper-pruner-notification")
    (called,) = notification.inputs["lambdaFunctions"]
    assert notification.inputs["bucket"] == graph.outputs["bucket"]
    assert called["lambdaFunctionArn"].endswith(":function:snapper-prod-pruner")
    assert (called["events"], called["filterSuffix"]) == (["s3:ObjectCreated:*"], ".manifest.json")
    # S3 asks at once whether it may, and refuses two changes of a bucket at once.
    waits_for = {"snapper-pruner-permission", "snapper-vault-policy"}
    assert notification.dependencies >= waits_for
    assert not notification.retained, "a kept bucket would call a function that is gone"

"""The whole program: every resource and no other, tagged, named, and the same each time."""

from collections import Counter
from collections.abc import Awaitable, Callable

import pulumi
import pytest
from pulumi.runtime import stack
from pulumi.runtime.settings import SETTINGS

from snapper.errors import SnapperError
from tests.support import sdk
from tests.support.recorder import ROOT, Graph, record

TAGGABLE = {
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:iam/role:Role",
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    "aws:lambda/function:Function",
    "aws:s3/bucket:Bucket",
    "aws:sns/topic:Topic",
    "aws:sqs/queue:Queue",
    "aws:ssm/parameter:Parameter",
}


def test_the_program_registers_exactly_these_resources(graph: Graph) -> None:
    assert Counter(one.type.removeprefix("aws:") for one in graph if one.custom) == {
        "cloudwatch/eventRule:EventRule": 3,  # the schedule, the drills and the watcher
        "cloudwatch/eventTarget:EventTarget": 3,
        "cloudwatch/logGroup:LogGroup": 5,
        "cloudwatch/metricAlarm:MetricAlarm": 5,
        "iam/role:Role": 5,
        "iam/rolePolicy:RolePolicy": 5,
        "lambda/eventSourceMapping:EventSourceMapping": 2,
        "lambda/function:Function": 5,
        "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": 3,
        "lambda/layerVersion:LayerVersion": 3,
        "lambda/permission:Permission": 4,
        "s3/bucket:Bucket": 1,
        "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": 1,
        "s3/bucketNotification:BucketNotification": 1,
        "s3/bucketOwnershipControls:BucketOwnershipControls": 1,
        "s3/bucketPolicy:BucketPolicy": 1,
        "s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
        "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": 1,
        "s3/bucketVersioning:BucketVersioning": 1,
        "sns/topic:Topic": 1,
        "sns/topicPolicy:TopicPolicy": 1,
        "sqs/queue:Queue": 3,
        "sqs/queuePolicy:QueuePolicy": 3,
        "sqs/redriveAllowPolicy:RedriveAllowPolicy": 1,
        "ssm/parameter:Parameter": 3,  # the connections, the table of databases, and the signpost
    }


def test_the_components_form_one_tree(graph: Graph) -> None:
    assert {(one.type.split(":")[-1], one.name, one.parent) for one in graph if not one.custom} == {
        ("BackupService", "snapper", "snapper-prod"),
        ("SecretParameters", "snapper-secrets", "snapper"),
        ("Vault", "snapper-vault", "snapper"),
        ("DumpQueue", "snapper-queue", "snapper"),
        ("Layers", "snapper-layers", "snapper"),
        ("Dumper", "snapper-dumper", "snapper"),
        ("Function", "snapper-dumper", "snapper-dumper"),
        ("Prover", "snapper-prover", "snapper"),
        ("DrillQueue", "snapper-prover-drills", "snapper-prover"),
        ("Function", "snapper-prover", "snapper-prover"),
        ("Pruner", "snapper-pruner", "snapper"),
        ("Function", "snapper-pruner", "snapper-pruner"),
        ("Dispatcher", "snapper-dispatcher", "snapper"),
        ("Function", "snapper-dispatcher", "snapper-dispatcher"),
        ("Watcher", "snapper-watcher", "snapper"),
        ("Function", "snapper-watcher", "snapper-watcher"),
        ("Alarms", "snapper-alarms", "snapper"),
        ("Signpost", "snapper-signpost", "snapper"),
    }
    assert all(one.type.startswith("snapper:infra:") for one in graph if not one.custom)


def test_every_resource_lies_in_the_component_that_gave_it_its_name(graph: Graph) -> None:
    for one in graph:
        if one.custom:
            assert one.name.startswith(f"{one.parent}-")


@pytest.mark.parametrize("which", ["graph", "full_graph"])
def test_the_inputs_are_those_the_provider_knows_and_needs(
    which: str, request: pytest.FixtureRequest
) -> None:
    recorded: Graph = request.getfixturevalue(which)
    for one in recorded:
        if one.custom:
            assert sdk.faults(one.type, one.inputs) == []


def test_everything_taggable_carries_project_and_stage(graph: Graph) -> None:
    tagged = {one.type for one in graph if "tags" in one.inputs}
    assert tagged == TAGGABLE
    for one in graph:
        if one.type in TAGGABLE:
            assert one.inputs["tags"] == {"project": "snapper", "stage": "prod"}


def test_a_second_run_registers_the_very_same(graph: Graph) -> None:
    assert list(record()) == list(graph)


def test_what_has_a_name_of_its_own_leaves_before_its_successor_comes(graph: Graph) -> None:
    for one in graph:
        # A layer's name is that of all its versions.
        assert one.deleted_before_replace == ("name" in one.inputs) or one.type.split(":")[-1] in {
            "EventSourceMapping",  # one queue, one function: one mapping
            "EventTarget",
            "Permission",
        }


def test_the_outputs_tell_where_everything_is(graph: Graph) -> None:
    queues = "https://sqs.eu-central-1.amazonaws.com/123456789012"
    assert graph.outputs == {
        "bucket": "snapper-prod-0123456789",
        "queue_url": f"{queues}/snapper-prod-jobs",
        "dead_letter_url": f"{queues}/snapper-prod-dead-letters",
        "dispatcher": "snapper-prod-dispatcher",
        "dumper": "snapper-prod-dumper",
        "pruner": "snapper-prod-pruner",
        "prover": "snapper-prod-prover",
        "watcher": "snapper-prod-watcher",
        "schedule": "rate(1 day)",
        "topic": "arn:aws:sns:eu-central-1:123456789012:snapper-prod-alarms",
        "region": "eu-central-1",
    }


def test_what_cannot_be_built_is_told_by_pulumi_without_a_stack_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(architecture: str, **_: object) -> None:
        raise SnapperError(f"nothing for {architecture}", hint="look at the network")

    monkeypatch.setattr("infra.ready.build_packages", fail)
    with pytest.raises(pulumi.RunError) as caught:
        record()
    assert str(caught.value) == "nothing for arm64\nlook at the network"


def test_every_registration_has_begun_when_pulumi_begins_to_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = []

    async def wait(original: Callable[[], Awaitable[None]] = stack.wait_for_rpcs) -> None:
        begun.append(len(SETTINGS.rpc_manager.rpcs))
        await original()

    monkeypatch.setattr(stack, "wait_for_rpcs", wait)
    registered = list(record())
    assert begun[0] >= len(registered)


def test_the_front_door_is_a_table_of_contents() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) <= 25

"""With objectLock the bucket locks what is put there, and no role of the service lifts a lock."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from infra.settings import SettingsRefused
from snapper.values.object_lock import ObjectLock
from tests.infra.conftest import KEY_ARN
from tests.support.deployments import document_of
from tests.support.recorder import Graph, record
from tests.support.rights import listed

LOCK = json.dumps({"mode": "governance", "days": 30})

LIFTING = (
    "s3:BypassGovernanceRetention",
    "s3:DeleteObjectVersion",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutObjectLegalHold",
)


def statements(graph: Graph) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for one in graph.of("iam/rolePolicy:RolePolicy"):
        yield from ((one.name, each) for each in one.policy())


def allowed(graph: Graph, action: str) -> dict[str, tuple[str, ...]]:
    return {
        name: listed(each["Resource"])
        for name, each in statements(graph)
        if each["Effect"] == "Allow" and action in listed(each["Action"])
    }


def test_the_rule_is_set_by_a_call_of_its_own_once_the_bucket_keeps_versions(
    kept_graph: Graph,
) -> None:
    (rule,) = kept_graph.of("s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert rule.inputs["rule"] == {"defaultRetention": {"mode": "GOVERNANCE", "days": 30}}
    assert "snapper-vault-versioning" in rule.dependencies


def test_the_bucket_itself_is_left_as_it_is(kept_graph: Graph, graph: Graph) -> None:
    bucket = kept_graph.named("snapper-vault-bucket")
    assert bucket.inputs == graph.named("snapper-vault-bucket").inputs
    assert bucket.ignored_changes == {"bucket", "bucketPrefix", "objectLockEnabled"}


def test_without_the_setting_there_is_nothing_of_it(graph: Graph) -> None:
    assert not graph.of("s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert not allowed(graph, "s3:GetObjectRetention")
    assert not allowed(graph, "s3:PutObjectRetention")
    assert "remains" not in graph.outputs


def test_no_role_may_lift_a_lock_or_delete_what_is_locked(
    kept_graph: Graph, graph: Graph, full_graph: Graph
) -> None:
    found = {
        (name, action)
        for each in (kept_graph, graph, full_graph)
        for name, statement in statements(each)
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
        if action in LIFTING or "*" in action
    }
    assert found == set()
    boundary = [listed(each["Action"]) for each in document_of("boundary")["Statement"]]
    assert not {action for each in boundary for action in each} & set(LIFTING)


def test_who_deploys_may_not_bypass_one_either() -> None:
    deploying = {
        action
        for each in document_of("deploy-policy")["Statement"]
        for action in listed(each["Action"])
    }
    assert not {"s3:BypassGovernanceRetention", "s3:PutObjectRetention"} & deploying


def test_the_pruner_alone_sees_until_when_dumps_are_locked(kept_graph: Graph) -> None:
    found = allowed(kept_graph, "s3:GetObjectRetention")
    assert found.keys() == {"snapper-pruner-rights"}
    assert all(each.endswith((".sql.gz", ".sql.gz.age")) for each in found["snapper-pruner-rights"])
    environment = kept_graph.named("snapper-pruner-function").inputs["environment"]["variables"]
    assert environment["SNAPPER_OBJECT_LOCK"] == "yes"


def test_the_watcher_alone_locks_for_less_long_and_summaries_alone(kept_graph: Graph) -> None:
    found = allowed(kept_graph, "s3:PutObjectRetention")
    assert found.keys() == {"snapper-watcher-rights"}
    assert [each.partition("/")[2] for each in found["snapper-watcher-rights"]] == ["_summary/*"]
    (refused,) = [
        each
        for name, each in statements(kept_graph)
        if each["Effect"] == "Deny" and name == "snapper-watcher-rights"
    ]
    assert listed(refused["Action"]) == ("s3:PutObjectRetention",)
    assert refused["Condition"] == {
        "NumericGreaterThan": {"s3:object-lock-remaining-retention-days": 1}
    }


def test_where_there_are_no_summaries_nobody_locks_anything() -> None:
    assert not allowed(record(objectLock=LOCK, kmsKeyArn=KEY_ARN), "s3:PutObjectRetention")


def test_the_signpost_tells_of_it_and_an_output_what_destroying_leaves(kept_graph: Graph) -> None:
    signpost = json.loads(kept_graph.named("snapper-signpost-parameter").inputs["value"])
    assert ObjectLock.from_text(signpost["object_lock"]) == ObjectLock("governance", 30)
    assert "each of them locked for 30 days (governance)" in kept_graph.outputs["remains"]


def test_it_and_the_end_of_all_backups_exclude_each_other() -> None:
    with pytest.raises(SettingsRefused) as refused:
        record(objectLock=LOCK, deleteBackupsOnDestroy="true")
    (fault,) = refused.value.faults
    assert fault.startswith("objectLock and deleteBackupsOnDestroy are both set")


@pytest.mark.parametrize("given", ["governance", '{"mode": "governance"}', "[1", "3"])
def test_what_is_no_lock_is_refused(given: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        record(objectLock=given)
    assert all(fault.startswith("objectLock") for fault in refused.value.faults)

"""Where the stage signs: a key by which two roles sign and nobody else, and what these may more."""

import json
from typing import Any

import pytest

from infra.chain_rights import key_policy
from snapper.values.place import Place
from tests.infra.conftest import KEY_ARN
from tests.support.recorder import ACCOUNT, REGION, RESTORING, Graph, record
from tests.support.rights import listed

OURS = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/snapper-chain-key"


@pytest.fixture(scope="module")
def signing() -> Graph:
    return record(tamperEvident="true", **RESTORING)


def statements(graph: Graph, role: str) -> list[dict[str, Any]]:
    return graph.named(f"snapper-{role}-rights", "RolePolicy").policy()


def holders(graph: Graph, action: str, resource: str) -> set[str]:
    """Name the roles that may do this, whatever else."""
    return {
        one.name
        for one in graph.of("iam/rolePolicy:RolePolicy")
        for each in one.policy()
        if action in listed(each["Action"])
        and any(resource in at for at in listed(each["Resource"]))
    }


def test_without_the_setting_there_is_no_key_and_nobody_reads_a_manifest_more(graph: Graph) -> None:
    assert graph.of("kms/key:Key") == []
    assert "CHAIN" not in repr(list(graph))
    assert "_chain" not in repr(list(graph))
    assert not holders(graph, "s3:GetObject", ".manifest.json") & {
        "snapper-dumper-rights",
        "snapper-pruner-rights",
    }


def test_the_key_signs_waits_a_month_and_is_kept_with_the_bucket(
    signing: Graph, full_graph: Graph
) -> None:
    (key,) = signing.of("kms/key:Key")
    assert key.inputs["keyUsage"] == "SIGN_VERIFY"
    assert key.inputs["customerMasterKeySpec"] == "ECC_NIST_P256"
    assert key.inputs["deletionWindowInDays"] == 30
    assert key.inputs["tags"] == {"project": "snapper", "stage": "prod"}
    assert key.retained
    assert not full_graph.of("kms/key:Key")[0].retained  # deleteBackupsOnDestroy


def test_that_it_counts_is_said_where_no_function_may_write(signing: Graph) -> None:
    said = signing.named("snapper-chain-trusted")
    assert said.inputs["name"] == "/snapper/prod/CHAIN_KEYS/snapper-chain-key"
    assert said.inputs["value"] == OURS
    assert said.retained
    assert holders(signing, "ssm:PutParameter", "CHAIN") == {
        "snapper-dumper-rights",
        "snapper-dumper-batch-job-rights",
    }
    assert holders(signing, "ssm:PutParameter", "CHAIN_KEYS") == set()


def test_who_dumps_and_who_prunes_may_sign_and_nobody_else(signing: Graph) -> None:
    signers = {
        "snapper-dumper-rights",
        "snapper-dumper-batch-job-rights",
        "snapper-pruner-rights",
    }
    assert holders(signing, "kms:Sign", OURS) == signers


@pytest.mark.parametrize("role", ["dumper", "dumper-batch-job", "pruner"])
def test_who_signs_reads_manifests_and_no_backup(signing: Graph, role: str) -> None:
    read = {
        resource
        for each in statements(signing, role)
        if "s3:GetObject" in listed(each["Action"])
        for resource in listed(each["Resource"])
        if "code-" not in resource
    }
    bucket = "arn:aws:s3:::snapper-prod-0123456789"
    manifests = f"{bucket}/*/????-??-??T??-??-??Z.manifest.json"
    tombstones = f"{bucket}/_chain/*"
    assert read == ({manifests, tombstones} if role == "pruner" else {manifests})


def test_under_a_key_of_ones_own_the_pruner_may_use_it_through_s3_alone() -> None:
    found = statements(record(tamperEvident="true", kmsKeyArn=KEY_ARN), "pruner")
    used = [each for each in found if KEY_ARN in listed(each["Resource"])]
    assert {each["Condition"]["StringEquals"]["kms:ViaService"] for each in used} == {
        f"ssm.{REGION}.amazonaws.com",
        f"s3.{REGION}.amazonaws.com",
    }


def test_the_functions_know_the_key_and_the_signpost_names_it(signing: Graph) -> None:
    for part in ("dumper", "pruner"):
        function = signing.named(f"snapper-{part}-function")
        assert function.inputs["environment"]["variables"]["SNAPPER_SIGNING_KEY"] == OURS
    signpost = json.loads(signing.named("snapper-signpost-parameter").inputs["value"])
    assert signpost["signing_key"] == OURS


def test_who_prunes_leaves_tombstones_before_anything_is_signed(
    signing: Graph, graph: Graph
) -> None:
    def waits(found: Graph) -> bool:
        dumper = found.named("snapper-dumper-function")
        return "snapper-pruner-function" in dumper.dependencies

    assert waits(signing)
    assert not waits(graph)


def test_the_policy_of_the_key_lets_these_roles_sign_alone_and_delete_nobody_in_a_hurry() -> None:
    policy = json.loads(key_policy(Place("aws-cn", "cn-north-1", ACCOUNT), ["b", "a"]))["Statement"]
    by_sid = {each["Sid"]: each for each in policy}
    assert by_sid["AccountDecides"]["Principal"] == {"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}
    assert by_sid["OnlyWhoDumpsOrPrunesSigns"]["Condition"] == {
        "ArnNotEquals": {"aws:PrincipalArn": ["a", "b"]}
    }
    hurry = by_sid["NotDeletedInAHurry"]
    assert (hurry["Effect"], hurry["Action"]) == ("Deny", "kms:ScheduleKeyDeletion")
    assert hurry["Condition"] == {
        "NumericLessThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}
    }

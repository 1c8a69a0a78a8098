"""`kmsKey: create`: a key of the stage's own, turned over, used through two services alone."""

import json
from typing import Any

import pytest

from infra.own_key import key_policy
from infra.settings import SettingsRefused
from snapper.values.place import Place
from tests.infra.conftest import KEY_ARN
from tests.support.recorder import ACCOUNT, REGION, RESTORING, Graph, record
from tests.support.rights import listed

OURS = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/snapper-key-key"


@pytest.fixture(scope="module")
def keyed() -> Graph:
    return record(kmsKey="create", **RESTORING)


def policies(graph: Graph) -> dict[str, str]:
    """Every role's policy, as a text."""
    return {one.name: one.inputs["policy"] for one in graph.of("iam/rolePolicy:RolePolicy")}


def test_it_is_turned_over_by_aws_kept_with_the_bucket_and_deleted_in_no_hurry(
    keyed: Graph,
) -> None:
    (key,) = keyed.of("kms/key:Key")
    assert key.inputs["enableKeyRotation"] is True
    assert key.inputs["deletionWindowInDays"] == 30
    assert key.retained
    assert key.inputs["tags"] == {"project": "snapper", "stage": "prod"}
    gone = record(kmsKey="create", deleteBackupsOnDestroy="true")
    assert not gone.named("snapper-key-key").retained


def test_it_has_a_name_which_goes_with_the_stage(keyed: Graph) -> None:
    (alias,) = keyed.of("kms/alias:Alias")
    assert alias.inputs["name"] == "alias/snapper-prod-backups"
    assert not alias.retained


def test_nobody_uses_it_but_through_s3_and_parameter_store() -> None:
    used, managed, hurry = json.loads(key_policy(Place("aws", REGION, ACCOUNT)))["Statement"]
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert (used["Principal"], managed["Principal"]) == (root, root)
    assert used["Condition"] == {
        "StringEquals": {
            "kms:ViaService": [f"{each}.{REGION}.amazonaws.com" for each in ("s3", "ssm")]
        }
    }
    crypto = ("crypt", "DataKey", "Sign", "Grant", "Mac", "Import", "Replicate")
    assert not [each for each in managed["Action"] if any(word in each for word in crypto)]
    assert not [each for each in (*used["Action"], *managed["Action"]) if "*" in each]
    assert (hurry["Effect"], hurry["Principal"]) == ("Deny", {"AWS": "*"})
    assert listed(hurry["Action"]) == ("kms:ScheduleKeyDeletion",)


def test_its_arn_is_wherever_that_of_the_operators_own_is(keyed: Graph) -> None:
    theirs = record(kmsKeyArn=KEY_ARN, **RESTORING)

    def with_ours(value: Any) -> Any:
        return json.loads(json.dumps(value).replace(KEY_ARN, OURS))

    ours = {(one.type, one.name): one for one in keyed}
    known = {(one.type, one.name) for one in theirs}
    assert {name for _, name in ours.keys() - known} == {
        *("snapper-key", "snapper-key-key", "snapper-key-alias")
    }
    for one in theirs:
        same = ours[one.type, one.name]
        assert same.replaced_on_changes == one.replaced_on_changes
        if one.name == "snapper-signpost-parameter":
            signpost = json.loads(same.inputs["value"])
            assert (signpost["kms_key_arn"], signpost["kms_key"]) == (OURS, "create")
            continue
        inputs = {key: value for key, value in one.inputs.items() if key not in ("code",)}
        for key, value in inputs.items():
            assert same.inputs[key] == with_ours(value), (one.name, key)


def test_the_watcher_alone_sees_its_state_also_of_the_operators_own(keyed: Graph) -> None:
    for graph, arn in ((keyed, OURS), (record(kmsKeyArn=KEY_ARN), KEY_ARN)):
        found = {
            name: [
                each
                for each in json.loads(text)["Statement"]
                if "kms:DescribeKey" in each["Action"]
            ]
            for name, text in policies(graph).items()
        }
        assert [name for name, each in found.items() if each] == ["snapper-watcher-rights"]
        assert found["snapper-watcher-rights"][0]["Resource"] == [arn]
        environment = graph.named("snapper-watcher-function").inputs["environment"]
        assert environment["variables"]["SNAPPER_KMS_KEY"] == arn


def test_without_a_setting_there_is_no_key(graph: Graph) -> None:
    assert not graph.of("kms/key:Key")
    assert "kms:" not in "".join(policies(graph).values())


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        ({"kmsKey": "make"}, "kmsKey is make, must be create; kmsKeyArn names a key that is there"),
        (
            {"kmsKey": "create", "kmsKeyArn": KEY_ARN},
            "kmsKey and kmsKeyArn are both set: create makes a key, the other names one that is "
            "there; pulumi config rm one of them",
        ),
    ],
)
def test_another_word_and_two_keys_are_refused(config: dict[str, str], fault: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        record(**config)
    assert refused.value.faults == (fault,)

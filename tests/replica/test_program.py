"""The program for the other account: one bucket, which the stage's role alone copies into."""

import json
from typing import Any

import pytest

from replica.settings import KEYS, SettingsRefused
from tests.support.recorder import ROOT, Graph, record, record_replica

STAGES, ROLE = "123456789012", "arn:aws:iam::123456789012:role/snapper-prod-replication"
BUCKET = f"arn:aws:s3:::replica-snapper-prod-{STAGES}"


@pytest.fixture(scope="module")
def made() -> Graph:
    lock = json.dumps({"mode": "compliance", "days": 30})
    return record_replica(stage="prod", account=STAGES, days="90", lock=lock)


def test_the_bucket_has_the_name_by_which_the_stage_knows_it(made: Graph) -> None:
    stage = record(replica=json.dumps({"region": "eu-west-1", "accountId": "210987654321"}))
    (rule,) = stage.named("snapper-replication-config").inputs["rules"]
    assert rule["destination"]["bucket"] == BUCKET
    assert made.outputs["bucket"] == BUCKET.rpartition(":")[2]
    assert ROLE.endswith(f"/{stage.named('snapper-replication-role').inputs['name']}")


def test_it_is_all_there_is_and_stays_when_the_stack_goes(made: Graph) -> None:
    resources = [one for one in made if one.custom]
    assert len(resources) == 8
    assert all(one.retained for one in resources)
    assert not any("region" in one.inputs for one in resources)


def test_the_role_alone_copies_and_the_account_says_itself_who_reads(made: Graph) -> None:
    _, only, copies, sees, lists, reads = made.named("snapper-replica-policy").policy()
    assert only["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": ROLE}}
    root = {"AWS": f"arn:aws:iam::{STAGES}:root"}
    of_the_role = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
    for statement in (copies, sees):
        assert (statement["Principal"], statement["Condition"]) == (root, of_the_role)
    assert copies["Resource"] == [f"{BUCKET}/*"]
    allowed = {
        action
        for each in (copies, sees, lists, reads)
        for action in each["Action"]
        if not action.startswith(("s3:Get", "s3:List"))
    }
    assert allowed == {
        "s3:ReplicateObject",
        "s3:ReplicateTags",
        "s3:ObjectOwnerOverrideToBucketOwner",
    }


def test_copies_are_locked_and_end_as_that_account_says(made: Graph) -> None:
    rules = made.named("snapper-replica-lifecycle").inputs["rules"]
    assert rules[0]["expiration"] == {"days": 90}
    lock = made.named("snapper-replica-object-lock").inputs["rule"]
    assert lock == {"defaultRetention": {"mode": "COMPLIANCE", "days": 30}}


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({}, ["stage must be the name", "account must be the 12 digits"]),
        ({"stage": "prod", "account": STAGES, "days": "-1"}, ["days is -1, must be"]),
        ({"stage": "prod", "account": STAGES, "kmsKeyArn": "x"}, ["kmsKeyArn is x, must be the"]),
    ],
)
def test_every_fault_is_told(given: dict[str, Any], faults: list[str]) -> None:
    with pytest.raises(SettingsRefused) as refused:
        record_replica(**given)
    assert len(refused.value.faults) == len(faults)
    for told, fault in zip(refused.value.faults, faults, strict=True):
        assert told.startswith(fault)


def test_its_page_names_every_setting() -> None:
    page = (ROOT / "replica" / "README.md").read_text()
    assert [key for key in KEYS if f"| `{key}` |" not in page] == []

"""Containers that restore: made where there are targets, which they alone may read."""

import json
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path

import pulumi
import pytest

from infra.package import BUILD
from infra.settings import SettingsRefused
from snapper.values.authorities import file_name
from snapper.values.service import Service
from snapper.values.settings import RestorerSettings
from tests.infra.conftest import RDS
from tests.infra.test_batch import BATCH, actions
from tests.infra.test_functions import BUCKET, PARAMETERS
from tests.support import recorder
from tests.support.certificates import Authority
from tests.support.recorder import Graph, record
from tests.support.sdk import faults

NAME = "snapper-restorer"
DSN = "postgresql://writer:quiet9@copy.example.com/orders"
TARGETS = f"copy,{DSN},POSTGRES|other.copy,{DSN}2,POSTGRES"


@pytest.fixture(scope="module")
def restoring() -> Graph:
    return record(largeDatabases="true", RESTORE_CONN_STRINGS=TARGETS)


def test_without_targets_there_are_none(graph: Graph) -> None:
    for found in (graph, record(largeDatabases="true")):
        assert not [one for one in found if "restore" in one.name]
        said = Service.from_json(found.named("snapper-signpost-parameter").inputs["value"])
        assert said.restore_queue == ""


def test_each_target_is_encrypted_and_a_secret_of_pulumis(restoring: Graph) -> None:
    one = restoring.named(f"{NAME}-copy")
    assert one.inputs["name"] == "/snapper/prod/RESTORE_CONN_STRINGS/copy"
    assert (one.inputs["type"], one.inputs["value"]) == ("SecureString", DSN)
    assert "value" in one.secret_inputs
    assert restoring.named(f"{NAME}-other.copy").inputs["value"] == f"{DSN}2"
    rest = [each.inputs for each in restoring if not each.name.startswith(f"{NAME}-")]
    assert "quiet9" not in json.dumps(rest)
    assert "quiet9" not in str(restoring.named(f"{NAME}-batch-definition").inputs)


def test_every_input_is_one_that_the_provider_knows(restoring: Graph) -> None:
    for one in restoring:
        if one.custom and NAME in one.name:
            assert faults(one.type, one.inputs) == []


def test_a_container_reads_targets_backups_and_its_code_and_writes_nothing(
    restoring: Graph,
) -> None:
    policy = f"{NAME}-batch-job-rights"
    assert actions(restoring, policy) == {"ssm:GetParameter", "s3:GetObject", "s3:ListBucket"}
    reading = next(
        each for each in restoring.named(policy).policy() if each["Action"] == ["ssm:GetParameter"]
    )
    assert reading["Resource"] == [f"{PARAMETERS}/RESTORE_CONN_STRINGS/*"]
    listing = next(
        each for each in restoring.named(policy).policy() if each["Action"] == ["s3:ListBucket"]
    )
    assert listing["Resource"] == [BUCKET]


def test_no_other_role_may_read_a_target_in_any_way(restoring: Graph) -> None:
    target = f"{PARAMETERS}/RESTORE_CONN_STRINGS/copy"
    above = ["/".join(target.split("/")[:end]) for end in range(1, target.count("/") + 1)]

    def readers(things: list[str], action: str = "") -> set[str]:
        return {
            policy.name
            for policy in restoring.of("iam/rolePolicy:RolePolicy")
            for each in policy.policy()
            if each["Effect"] == "Allow"
            if any(one.startswith("ssm:") and action in one for one in each["Action"])
            if any(fnmatchcase(thing, one) for thing in things for one in each["Resource"])
        }

    assert readers([target]) == {f"{NAME}-batch-job-rights"}
    assert readers(above, "ByPath") == set()


def test_it_knows_what_it_needs_and_has_room_for_a_copy(restoring: Graph) -> None:
    definition = restoring.named(f"{NAME}-batch-definition").inputs
    properties = json.loads(definition["containerProperties"])
    assert properties["ephemeralStorage"] == {"sizeInGiB": 200}
    variables = {each["name"]: each["value"] for each in properties["environment"]}
    assert variables["SNAPPER_MODULE"] == "functions.restore"
    assert RestorerSettings.from_env(variables).parameter_root == "/snapper/prod"
    assert len(variables["SNAPPER_CODE"].split()) == 3


def test_it_verifies_its_targets_by_the_files_beside_its_code(tmp_path: Path) -> None:
    own = Authority(tmp_path, "own").file
    verified = f"copy,postgresql://w:x@{RDS}/d?sslmode=verify-full,POSTGRES|other,{DSN}"
    rows = f"{verified}?sslmode=verify-full,POSTGRES"
    found = record(largeDatabases="true", RESTORE_CONN_STRINGS=rows, caBundle=str(own))
    definition = found.named(f"{NAME}-batch-definition").inputs
    properties = json.loads(definition["containerProperties"])
    variables = {each["name"]: each["value"] for each in properties["environment"]}
    told = RestorerSettings.from_env(variables).ca_bundle
    assert told == file_name(own.read_text())
    code = found.named(f"{NAME}-batch-code-functions").inputs["source"]["asset"]
    with zipfile.ZipFile(BUILD / code) as bundle:
        assert {f"authorities/{told}", "authorities/amazon.pem"} <= set(bundle.namelist())


def test_what_may_keep_a_target_from_being_reached_is_warned_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda words, *_: said.append(words))
    rows = "copy,postgresql://w:x@10.1.2.3/d,POSTGRES"
    record(largeDatabases="true", RESTORE_CONN_STRINGS=rows)
    (told,) = (words for words in said if "RESTORE" in words)
    assert told.startswith("RESTORE_CONN_STRINGS (copy): 10.1.2.3 is an address of a private")


def test_the_command_line_learns_where_it_is(restoring: Graph) -> None:
    said = Service.from_json(restoring.named("snapper-signpost-parameter").inputs["value"])
    assert said.restore_queue == f"{BATCH}:job-queue/snapper-prod-large-restores"
    assert said.restore_definition == f"{BATCH}:job-definition/snapper-prod-large-restores"
    assert said.restore_log_group == "/aws/batch/snapper-prod-large-restores"


def test_what_has_failed_may_join_the_dead_letters(restoring: Graph) -> None:
    policy = restoring.named("snapper-queue-dead-letters-policy").inputs["policy"]
    assert "snapper-prod-large-restores-failed" in policy


def test_targets_without_containers_are_refused() -> None:
    with pytest.raises(SettingsRefused, match="largeDatabases is off"):
        record(RESTORE_CONN_STRINGS=TARGETS)


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("copy", "RESTORE_CONN_STRINGS row 1 must be KEY,connection,TYPE"),
        ("", "RESTORE_CONN_STRINGS is empty"),
        (f"copy,{DSN},POSTGRES|copy,{DSN},POSTGRES", "an earlier row has"),
        (
            "copy,postgresql://w:quiet9@localhost/x,POSTGRES",
            r"RESTORE_CONN_STRINGS row 1 \(copy\): ",
        ),
        (
            f"copy,postgresql://backup@{RDS}/d?sslmode=verify-full,POSTGRES",
            r"row 1 \(copy\): no password is given, and a target has no options, so neither",
        ),
    ],
)
def test_rows_are_checked_as_those_of_the_databases(rows: str, fault: str) -> None:
    with pytest.raises(SettingsRefused, match=fault) as refused:
        record(largeDatabases="true", RESTORE_CONN_STRINGS=rows)
    assert "quiet9" not in str(refused.value)


def test_one_that_pulumi_would_keep_in_clear_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "ENCRYPTED", ())
    with pytest.raises(SettingsRefused, match="is not encrypted: pulumi config set --secret"):
        record(largeDatabases="true", RESTORE_CONN_STRINGS=TARGETS)

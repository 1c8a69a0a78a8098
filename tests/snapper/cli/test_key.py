"""`snapper key`: a kit is made offline; who has a key proves it by a canary of the dumper's."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from snapper.aws.policies import Rights, policy
from snapper.cli.key_new import new_kit
from snapper.errors import AwsFailed, NoKey, SettingsError, WrongKey
from snapper.sealing.key_file import new_identity
from snapper.sealing.recipient import Recipient
from snapper.values.canary import FOLDER
from snapper.values.options import Options
from snapper.values.proven_recipient import proven_recipients_path
from snapper.values.settings import parameter_root
from tests.support.ssh_keys import an_ssh_key
from tests.support.stage import Ran, StageUnderTest
from tests.support.terminal import Terminal

ANN, BEN = new_identity(), new_identity()
BOTH = (ANN.recipient.text, BEN.recipient.text)
OFFLINE = {"AWS_ENDPOINT_URL": "https://127.0.0.1:9", "AWS_REGION": "eu-central-1"}


@pytest.fixture
def forgotten(stage: StageUnderTest) -> Iterator[None]:
    """Let nothing be left of what was proven, and no canary."""
    yield
    path, ssm = proven_recipients_path(parameter_root(stage.name)), stage.cloud.client("ssm")
    for each in ssm.get_parameters_by_path(Path=path)["Parameters"]:
        ssm.delete_parameter(Name=each["Name"])
    stage.forget(FOLDER.rstrip("/"))


@pytest.fixture
def sealed(stage: StageUnderTest, forgotten: None) -> Iterator[StageUnderTest]:
    """Give the stage, with one database whose backups are sealed for Ann and Ben."""
    with stage.database("sealed", stage.source(18).dsn, options=Options(recipients=BOTH)):
        yield stage


@pytest.fixture
def ann(tmp_path: Path) -> str:
    file = tmp_path / "ann"
    file.write_text(f"{ANN.text}\n")
    return str(file)


def told(stage: StageUnderTest) -> dict[str, bool]:
    found = stage.run_cli("key", "list", "--json").document["recipients"]
    return {each["recipient"]: each["unproven"] for each in found}


def test_a_kit_is_made_without_a_stage_and_without_aws(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    folder = tmp_path / "kit"
    ran = stage.run_cli("key", "new", str(folder), env=OFFLINE)
    assert ran.code == 0
    recipient = (folder / "recipient.txt").read_text().strip()
    assert f"pulumi config set --path 'recipients[0]' {recipient}" in ran.out
    assert "AGE-SECRET-KEY" not in ran.out + ran.err
    again = stage.run_cli("key", "new", str(folder), env=OFFLINE)
    assert again.code == SettingsError.exit_code
    assert "exists already" in again.err


def test_a_kit_of_a_stage_names_its_bucket(stage: StageUnderTest, tmp_path: Path) -> None:
    folder = tmp_path / "kit"
    ran = stage.run_cli("key", "new", str(folder), "--stage", stage.name, "--json")
    told = (folder / "README.txt").read_text()
    assert stage.vault.bucket in told
    assert stage.service.account in told
    assert set(ran.document["files"]) == {each.name for each in folder.iterdir()}
    assert "AGE-SECRET-KEY" not in ran.out


def test_a_passphrase_is_asked_for_on_a_terminal_alone(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    ran = stage.run_cli("key", "new", str(tmp_path / "kit"), "--passphrase", env=OFFLINE)
    assert ran.code == SettingsError.exit_code
    assert "on a terminal only" in ran.err
    assert not (tmp_path / "kit").exists()


def test_a_passphrase_is_asked_for_unseen_and_twice_and_is_no_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, bool]] = []

    def typed(_: str, **how: bool) -> str:
        asked.append(how)
        return "short"

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(typer, "prompt", typed)
    with pytest.raises(SettingsError, match="has 5 characters, must have at least 12"):
        new_kit(tmp_path / "kit", "", None, None, passphrase=True, json=False)
    assert asked == [{"hide_input": True, "err": True, "confirmation_prompt": True}]
    assert not (tmp_path / "kit").exists()


@pytest.mark.usefixtures("forgotten")
def test_a_key_of_ssh_proves_its_recipient(stage: StageUnderTest, tmp_path: Path) -> None:
    key, file = an_ssh_key("ed25519"), tmp_path / "id_ed25519"
    file.write_text(key.private)
    alone = Options(recipients=(Recipient.read(key.public).text,))
    with stage.database("by-ssh", stage.source(18).dsn, options=alone):
        ran = stage.run_cli("key", "prove", "--identity", str(file), "--json")
        assert ran.document["proven"] == list(alone.recipients)
        assert "one key alone" in stage.run_cli("key", "list").out


def test_who_opens_the_canary_has_proven_the_one_recipient(
    sealed: StageUnderTest, ann: str
) -> None:
    assert told(sealed) == dict.fromkeys(BOTH, True)
    ran = sealed.run_cli("key", "prove", "--identity", ann)
    assert ran.code == 0, ran.err
    assert any("proven" in line and ANN.recipient.short in line for line in ran.lines)
    assert ANN.text not in ran.out + ran.err
    assert told(sealed) == {BOTH[0]: False, BOTH[1]: True}
    (record,) = sealed.cloud.client("ssm").get_parameters_by_path(
        Path=proven_recipients_path(parameter_root(sealed.name))
    )["Parameters"]
    assert record["Name"].endswith(ANN.recipient.digest)
    assert json.loads(record["Value"])["by"].startswith("arn:aws:")


def test_several_keys_prove_several_recipients_at_once(sealed: StageUnderTest, ann: str) -> None:
    ran = sealed.run_cli(
        "key", "prove", "--json", more={"SNAPPER_IDENTITY": f"{ANN.text}\n{BEN.text}"}
    )
    assert (set(ran.document["proven"]), ran.document["others"]) == (set(BOTH), [])
    assert told(sealed) == dict.fromkeys(BOTH, False)
    assert len(list(sealed.vault.list(FOLDER))) == 1  # one set, one canary


def test_a_dry_run_lays_no_canary_and_records_nothing(sealed: StageUnderTest, ann: str) -> None:
    ran = sealed.run_cli("key", "prove", "--identity", ann, "--dry-run")
    assert "would be proven" in ran.out
    assert told(sealed) == dict.fromkeys(BOTH, True)
    assert not list(sealed.vault.list(FOLDER))


def test_a_key_of_nobody_in_force_proves_nothing(sealed: StageUnderTest) -> None:
    eve = new_identity()
    ran = sealed.run_cli("key", "prove", more={"SNAPPER_IDENTITY": eve.text})
    assert ran.code == WrongKey.exit_code
    assert all(each.recipient.short in ran.err for each in (ANN, BEN, eve))
    assert eve.text not in ran.out + ran.err
    none = sealed.run_cli("key", "prove")
    assert none.code == NoKey.exit_code
    assert "SNAPPER_IDENTITY" in none.err


def test_nothing_is_proven_where_nothing_is_sealed(stage: StageUnderTest, ann: str) -> None:
    ran = stage.run_cli("key", "prove", "--identity", ann)
    assert ran.code == SettingsError.exit_code
    assert "no recipients are set" in ran.err
    assert "no recipients are set" in stage.run_cli("key", "list").err


def test_who_keeps_a_key_needs_the_rights_of_prove_alone(sealed: StageUnderTest, ann: str) -> None:
    who = sealed.as_role(policy(sealed.service, Rights.PROVE))
    assert sealed.run_cli("key", "prove", "--identity", ann, env=who).code == 0
    assert sealed.run_cli("key", "list", env=who).code == 0
    reader = sealed.as_role(policy(sealed.service, Rights.READ))
    assert sealed.run_cli("key", "list", env=reader).code == 0
    refused: Ran = sealed.run_cli("key", "prove", "--identity", ann, env=reader)
    assert refused.code == AwsFailed.exit_code
    assert "lambda:InvokeFunction" in refused.err


def test_status_and_doctor_name_who_is_unproven(sealed: StageUnderTest, ann: str) -> None:
    assert f"nobody has proven the recipient {BEN.recipient.short}" in sealed.run_cli("status").out
    sealed.run_cli("key", "prove", "--identity", ann)
    sealed.run_cli("key", "prove", more={"SNAPPER_IDENTITY": BEN.text})
    assert "has proven" not in sealed.run_cli("status").out
    found = sealed.run_cli("doctor", "sealed", "--json").document["findings"]["(stage)"]
    (about,) = [each for each in found if each["subject"] == "recipients"]
    assert about["level"] == "ok"


@pytest.mark.parametrize(
    "wrong",
    [("list", "folder"), ("prove", "--passphrase"), ("new", "--dry-run"), ("list", "--identity=x")],
)
def test_what_is_for_another_action_is_refused(
    stage: StageUnderTest, wrong: tuple[str, ...]
) -> None:
    assert stage.run_cli("key", *wrong).code == SettingsError.exit_code

"""How a command finds its stage, and what it says where it cannot: words, never a stack trace."""

import json
import re
from pathlib import Path

import pytest

from tests.support.manifests import manifest
from tests.support.stage import StageUnderTest

NO_FILES = {
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}
ANYBODY = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
COMMANDS = ["list", "status", "run", "failures", "retry", "prune", "policy"]


def without(environment: dict[str, str], *parts: str) -> dict[str, str]:
    return {n: v for n, v in environment.items() if not any(part in n for part in parts)}


@pytest.mark.parametrize("command", COMMANDS)
def test_without_credentials_it_says_how_to_get_some(stage: StageUnderTest, command: str) -> None:
    ran = stage.run_cli(command, env={**NO_FILES, "AWS_REGION": "us-east-1"})
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines() == [
        "error: there are no AWS credentials",
        "hint: use --profile, aws sso login or aws configure",
    ]


def test_without_a_region_it_says_how_to_name_one(stage: StageUnderTest) -> None:
    ran = stage.run_cli("status", env={**NO_FILES, **ANYBODY})
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: no AWS region is set\nhint: use --region")


def test_an_unknown_profile_is_named(stage: StageUnderTest) -> None:
    ran = stage.run_cli("status", "--profile", "nobody")
    assert (ran.code, ran.out) == (2, "")
    assert "profile (nobody) could not be found" in ran.err


def test_a_profile_that_was_typed_counts_more_than_keys_of_the_environment(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    file = tmp_path / "credentials"
    file.write_text("[other]\naws_access_key_id = ASIAOTHER\naws_secret_access_key = x\n")
    more = {"AWS_SHARED_CREDENTIALS_FILE": str(file)}
    assert stage.run_cli("list", more=more).code == 0
    ran = stage.run_cli("list", "--profile", "other", more=more)
    assert ran.code == 8
    assert "name others with --profile" in ran.err


def test_the_region_may_be_told_in_each_way(stage: StageUnderTest, tmp_path: Path) -> None:
    bare = without(stage.environment(), "REGION")
    assert stage.run_cli("list", env=bare).code == 2
    assert stage.run_cli("list", "--region", "us-east-1", env=bare).code == 0
    assert stage.run_cli("list", env=bare, more={"AWS_REGION": "us-east-1"}).code == 0
    assert stage.run_cli("list", env=bare, more={"AWS_DEFAULT_REGION": "us-east-1"}).code == 0
    file = tmp_path / "config"
    file.write_text("[default]\nregion = us-east-1\n")
    assert stage.run_cli("list", env=bare, more={"AWS_CONFIG_FILE": str(file)}).code == 0


@pytest.mark.parametrize("name", ["nowhere", "no where", "n@where", "../tried"])
def test_a_stage_that_is_not_there_is_told_with_where_it_was_looked_for(
    stage: StageUnderTest, name: str
) -> None:
    ran = stage.run_cli("list", "--stage", name)
    assert (ran.code, ran.out) == (2, "")
    # The account is named where AWS says it within 2 s.
    where = f"there is no stage {re.escape(name)} in us-east-1( of account 000000000000)?"
    gone = re.escape(f"/snapper/{name}/SERVICE does not exist")
    assert re.search(f"error: {where}: {gone}", ran.err)
    assert "--region" in ran.err


def test_the_stage_is_prod_where_nothing_else_is_said(stage: StageUnderTest) -> None:
    ran = stage.run_cli("list", env=without(stage.environment(), "SNAPPER_STAGE"))
    assert "/snapper/prod/SERVICE does not exist" in ran.err


def test_what_another_release_deployed_is_told_as_such(stage: StageUnderTest) -> None:
    ssm = stage.cloud.client("ssm")
    ssm.put_parameter(Name="/snapper/older/SERVICE", Value='{"version": "0.1"}', Type="String")
    ran = stage.run_cli("list", "--stage", "older")
    assert ran.code == 2
    assert "another release" in ran.err
    ssm.delete_parameter(Name="/snapper/older/SERVICE")


def test_an_endpoint_that_does_not_answer_is_named(stage: StageUnderTest) -> None:
    more = {"AWS_ENDPOINT_URL": "https://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
    ran = stage.run_cli("list", more=more)
    assert (ran.code, ran.out) == (8, "")
    assert "https://127.0.0.1:1" in ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_with_json_an_error_is_one_document(stage: StageUnderTest, command: str) -> None:
    ran = stage.run_cli(command, "--json", "--stage", "nowhere")
    assert ran.code == 2
    assert "does not exist" in ran.document["error"]["fact"]
    assert ran.err.startswith("error: ")


def test_a_reader_that_goes_away_is_no_stack_trace(stage: StageUnderTest) -> None:
    with stage.start_cli("list", "--json") as writing:
        assert writing.stdout
        assert writing.stderr
        writing.stdout.close()
        assert writing.stderr.read() == ""
    assert writing.returncode == 141


def test_a_pipe_gets_whole_lines_without_a_frame(stage: StageUnderTest) -> None:
    stage.put_backup(manifest(database="shop"))
    ran = stage.run_cli("prune", "--dry-run", more={"COLUMNS": "20"})
    assert ran.lines[0].split() == ["database", "taken", "at", "verdict", "reason"]
    assert "─" not in ran.out
    assert all(line == line.rstrip() for line in ran.lines)


def test_json_is_for_every_command(stage: StageUnderTest) -> None:
    for command in ("list", "status", "failures", "retry", "prune", "policy"):
        arguments = [command, *(["--dry-run"] if command in {"retry", "prune"} else [])]
        ran = stage.run_cli(*arguments, "--json")
        assert isinstance(json.loads(ran.out), dict)

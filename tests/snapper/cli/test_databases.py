"""`snapper databases`: what a stage backs up without being deployed for it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from snapper.aws.added import Added
from snapper.aws.adding import erase
from snapper.aws.store import Store
from snapper.values.settings import CONNECTIONS, RETENTIONS, parameter_root
from tests.support.cloud import eventually, invoke
from tests.support.databases import AT
from tests.support.events import SCHEDULED
from tests.support.manifests import manifest
from tests.support.rights import Rights, without_a_part
from tests.support.stage import NAME, Ran, StageUnderTest

HUSH = "hush-hush"
NOWHERE = f"postgresql://u:{HUSH}@db.example.com/d"


@pytest.fixture(autouse=True)
def _nothing_stays(stage: StageUnderTest) -> Iterator[None]:
    yield
    stage.settle()
    erase(Added(parameter_root(NAME), Store(stage.cloud.client("ssm"))))


def given(**connections: str) -> str:
    """Give the two secrets of these databases as lines."""
    rows = "|".join(f"{key},{dsn},POSTGRES" for key, dsn in connections.items())
    counts = "|".join(f"{key},2" for key in connections)
    return f"{CONNECTIONS}={rows}\n{RETENTIONS}={counts}\n"


def add(stage: StageUnderTest, folder: Path, *more: str, **connections: str) -> Ran:
    file = folder / "rows"
    file.write_text(given(**connections))
    return stage.run_cli("databases", "add", "--file", str(file), *more)


def listed(stage: StageUnderTest) -> dict[str, Any]:
    found = stage.run_cli("databases", "--json").document["databases"]
    return {each["database"]: each for each in found}


def test_a_database_that_was_added_is_backed_up_as_any_other(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    source = stage.source(18)
    ran = add(stage, tmp_path, extra=source.dsn)
    assert (ran.code, ran.err) == (0, ran.err)
    assert ran.lines[1].split() == ["extra", "added"]
    assert listed(stage)["extra"] == {
        "database": "extra", "keeps": 2, "options": {}, "configured": False, "added": True,
    }  # fmt: skip
    assert stage.run_cli("run", "extra", "--wait").code == 0
    (status,) = stage.run_cli("status", "extra", "--json").document["databases"]
    assert status["database"] == "extra"
    assert stage.run_cli("doctor", "extra").code in (0, 1)
    assert "extra" in stage.run_cli("databases").out
    gone = stage.run_cli("databases", "remove", "extra", "--json").document
    assert gone == {
        "stage": NAME, "dry_run": False, "added": [], "replaced": [], "removed": ["extra"],
    }  # fmt: skip
    assert "extra" not in listed(stage)
    orphans = stage.run_cli("status", "--json").document["orphans"]
    assert [each["database"] for each in orphans] == ["extra"]
    stage.forget("extra")


def test_it_is_dispatched_with_the_others(stage: StageUnderTest, tmp_path: Path) -> None:
    dispatcher = stage.deployment.outputs["dispatcher"]
    with stage.unserved():
        before = invoke(stage.cloud, dispatcher, SCHEDULED)["queued"]
        add(stage, tmp_path, extra=NOWHERE, more=NOWHERE)
        assert invoke(stage.cloud, dispatcher, SCHEDULED)["queued"] == before + 2
        stage.settle()


@pytest.mark.parametrize("path", ["HEADS", "TABLES", "OPTIONS"])
def test_a_dispatcher_that_may_not_see_one_of_them_fails_and_does_not_pass_it_over(
    stage: StageUnderTest, tmp_path: Path, path: str
) -> None:
    dispatcher, options = stage.deployment.outputs["dispatcher"], tmp_path / "options.json"
    options.write_text(json.dumps({"extra": {"timeout": 600}}))
    assert add(stage, tmp_path, "--options", str(options), extra=NOWHERE).code == 0
    rights = Rights(stage.cloud, dispatcher)
    lost = next(
        each
        for each in without_a_part(rights.statements)
        if f"/ADDED/{path}" in str(each.resources)
    )
    with stage.unserved(), rights.weakened(lost):
        eventually(lambda: "AccessDenied" in str(invoke(stage.cloud, dispatcher, SCHEDULED)))


def test_what_is_added_again_takes_the_place_of_what_was_there(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    add(stage, tmp_path, extra=NOWHERE)
    options = tmp_path / "options.json"
    options.write_text(json.dumps({"extra": {"timeout": 600}}))
    ran = add(stage, tmp_path, "--options", str(options), "--json", extra=NOWHERE, more=NOWHERE)
    assert (ran.document["added"], ran.document["replaced"]) == (["more"], ["extra"])
    assert listed(stage)["extra"]["options"] == {"timeout": 600}


def test_one_that_keeps_by_rules_is_pruned_by_them(stage: StageUnderTest, tmp_path: Path) -> None:
    file = tmp_path / "rows"
    rules = "last=1 weekly=2"
    file.write_text(given(extra=NOWHERE).replace("extra,2", "extra,weekly=2  last=1"))
    assert stage.run_cli("databases", "add", "--file", str(file)).code == 0
    assert listed(stage)["extra"]["keeps"] == rules
    for number in range(9):
        at = AT - timedelta(days=number)
        stage.put_backup(manifest(database="extra", scheduled_at=at, backup_bytes=99))
    said = stage.run_cli("prune", "extra", "--json").document["databases"]["extra"]
    assert [each["reason"] for each in said if each["keep"]] == [
        "last 1 of 1, weekly 1 of 2",
        "weekly 2 of 2",
    ]
    assert f"2 by {rules}" in stage.run_cli("status", "extra").out
    (status,) = stage.run_cli("status", "extra", "--json").document["databases"]
    assert status["retention"] == rules
    (evidence,) = stage.run_cli("evidence", "extra", "--json").document["databases"]
    assert evidence["retention"] == rules
    stage.forget("extra")


@pytest.mark.parametrize("action", ["add", "remove"])
def test_a_dry_run_changes_nothing(stage: StageUnderTest, tmp_path: Path, action: str) -> None:
    add(stage, tmp_path, there=NOWHERE)
    before = listed(stage)
    if action == "add":
        ran = add(stage, tmp_path, "--dry-run", there=NOWHERE, more=NOWHERE)
        words = {"there": "would be replaced", "more": "would be added"}
    else:
        ran = stage.run_cli("databases", "remove", "--all", "--dry-run")
        words = {"there": "would be removed"}
    assert dict(line.split(maxsplit=1) for line in ran.lines[1:]) == words
    assert listed(stage) == before


def test_every_fault_is_told_at_once_and_no_secret(stage: StageUnderTest, tmp_path: Path) -> None:
    options = tmp_path / "options.json"
    options.write_text(
        json.dumps(
            {
                "one": {"auth": "rds-iam", "timeout": 1},
                "two": {"schedule": "rate(7 minutes)", "caBundle": "mine.pem"},
                "three": {"maxAgeHours": 3, "dumpIn": "batch", "timeout": 900},
            }
        )
    )
    rows = {"shop": NOWHERE, "one": NOWHERE, "two": NOWHERE, "three": NOWHERE}
    ran = add(stage, tmp_path, "--options", str(options), **rows)
    assert ran.code == 2
    for words in (
        "shop is in Pulumi's config already",
        "databases.one: timeout is 1",
        "databases.two: caBundle takes a file that only pulumi up gives the functions",
        "databases.two: schedule is rate(7 minutes), and no database of Pulumi's config has it",
        "databases.three: timeout is 900, must be at most dumperTimeout, which is 840",
        "databases.three: dumpIn is batch, and largeDatabases is off",
        "databases.three: maxAgeHours is 3, must be more than the 24 hours",
    ):
        assert words in ran.err, words
    assert HUSH not in ran.out + ran.err
    assert "three" not in listed(stage)


def test_of_rows_that_no_deployment_would_take_none_is_added(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    ran = add(stage, tmp_path, good=NOWHERE, bad=f"{NOWHERE}?sslmod=require", local="host=/tmp")
    assert ran.code == 2
    assert f"{CONNECTIONS} row 2 (bad): " in ran.err
    assert HUSH not in ran.err
    assert "good" not in listed(stage)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "orders"], "add takes no KEY"),
        (["remove"], "either keys or --all"),
        (["remove", "x", "--all"], "either keys or --all"),
        (["remove", "nope"], "nope was not added to the stage"),
        (["remove", "shop"], "hint: it has none; what Pulumi's config has is removed there"),
        (["list", "--stdin"], "are for add"),
        (["list", "--dry-run"], "is for add and remove"),
        (["add", "--file", "/nowhere/rows"], "/nowhere/rows cannot be read"),
        (["add"], "DATABASE_CONN_STRINGS and BACKUP_STORAGE_DATA not given"),
    ],
)
def test_what_makes_no_sense_is_refused(
    stage: StageUnderTest, arguments: list[str], words: str
) -> None:
    ran = stage.run_cli("databases", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


def test_what_was_added_to_a_stage_that_is_gone_is_found_and_removed(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    add(stage, tmp_path, extra=NOWHERE)
    ssm, root = stage.cloud.client("ssm"), parameter_root(NAME)
    there = ssm.get_parameter(Name=f"{root}/SERVICE")["Parameter"]
    ssm.delete_parameter(Name=f"{root}/SERVICE")
    try:
        assert stage.run_cli("databases", "remove", "extra").code == 2
        ran = stage.run_cli("databases", "remove", "--all")
        assert (ran.code, ran.lines[1].split()) == (0, ["extra", "removed"])
        assert Store(ssm).all_below(f"{root}/ADDED") == []
        assert "there is no stage" in stage.run_cli("databases", "remove", "--all").err
    finally:
        ssm.put_parameter(Name=f"{root}/SERVICE", Value=there["Value"], Type="String")

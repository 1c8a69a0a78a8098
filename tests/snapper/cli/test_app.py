"""What every command has in common: help, version, and bad input told as such."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from snapper import __version__
from snapper.cli.__main__ import main
from snapper.cli.app import COMMANDS
from snapper.cli.exit_codes import EXIT_CODES
from tests.support.cloud import LONGEST
from tests.support.few import few
from tests.support.stage import StageUnderTest

ROOT = Path(__file__).parents[3]


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"snapper {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_names_every_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert "demo" in capsys.readouterr().out


def test_help_ends_with_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    text = capsys.readouterr().out.partition("Exit codes:\n")[2]
    shown = dict(re.split(r"  +", line.strip()) for line in text.splitlines())
    assert shown == EXIT_CODES


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["demo", "--nonsense"], ["demo", "--runs", "0"]]
)
def test_what_cannot_be_used_exits_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert captured.out == ""


def test_bad_options_with_json_are_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--json", "--retention", "none"]) == 2
    assert "retention" in json.loads(capsys.readouterr().out)["error"]["fact"]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_is_plain(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([command, "-h"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: snapper {command} [OPTIONS]")
    assert "Exit codes:" not in out
    assert not re.search(r"<.*>", out), "a type of Python"
    assert not re.search(r"\w-$", out, re.MULTILINE), "a word is broken"
    assert main([command, "--help"]) == 0
    assert capsys.readouterr().out == out


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["lsit"], "did you mean list?"),
        (["restoer", "ORDERS", "--create"], "did you mean restore?"),
        (["list", "--stgae", "dev"], "did you mean --stage?"),
        (["--regoin", "eu-central-1", "list"], "did you mean --region?"),
        (["prune", "--dryrun"], "did you mean --dry-run?"),
        (["policy", "raed"], "did you mean read?"),
        (["policy", "deploy-lrage"], "did you mean deploy-large?"),
        (["databases", "ad"], "did you mean add?"),
        (["frobnicate"], "bin/snapper --help shows all commands"),
        (["list", "--frobnicate"], "bin/snapper list --help shows what there is"),
        (["policy", "all"], "bin/snapper policy --help shows what there is"),
    ],
)
def test_a_typing_error_is_answered_by_what_was_meant(
    typed: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(typed) == 2
    assert capsys.readouterr().err.splitlines()[1:] == [f"hint: {meant}"]


@pytest.mark.parametrize(
    ("typed", "fact"),
    [
        (["restore", "A", "B"], "too many arguments: B"),
        (["download"], "there is no KEY"),
        (["list", "--stage"], "there is no value for --stage"),
        (["run", "--patience", "soon"], "invalid value for '--patience': must be a number"),
        (["run", "--patience=-1"], "invalid value for '--patience': must be greater than or equal"),
    ],
)
def test_a_wrong_use_is_answered_in_plain_words(
    typed: list[str], fact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(typed) == 2
    assert capsys.readouterr().err.startswith(f"error: {fact}")


@pytest.mark.parametrize(
    "typed",
    [
        ["--stage", "tried", "--region", "us-east-1", "list", "shop", "--json"],
        ["--json", "--region=us-east-1", "list", "--stage=tried", "shop"],
        ["--stage", "no", "--json", "--region", "us-east-1", "list", "shop", "--stage", "tried"],
    ],
)
def test_common_options_stand_before_or_after_the_command(
    stage: StageUnderTest, typed: list[str]
) -> None:
    bare = {name: text for name, text in stage.environment().items() if "REGION" not in name}
    ran = stage.run_cli(*typed, env={**bare, "SNAPPER_STAGE": "another"})
    assert ran.code == 0, ran.err
    assert ran.document == {"stage": "tried", "databases": {"shop": []}}


def test_an_option_that_the_command_lacks_is_refused_before_it_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--stage", "dev", "check"]) == 2
    assert "there is no option --stage" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", few(["list", "status", "failures", "prune", "verify", "doctor"], 3)
)
def test_commands_take_one_key_or_many_or_none(stage: StageUnderTest, command: str) -> None:
    more = ["--dry-run"] if command == "prune" else []
    for keys in ([], ["shop"], ["shop", "sensors"]):
        ran = stage.run_cli(command, *keys, *more, "--json")
        named = ran.document.get("databases", ran.document.get("findings", {}))
        found = {each["database"] for each in named} if isinstance(named, list) else {*named}
        if command not in {"failures", "verify"}:
            assert {each for each in found if each[0] != "("} == set(keys or ["shop", "sensors"])
    unknown = stage.run_cli(command, "shop", "sensor", *more)
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err.splitlines() == [
        "error: the stage has no database sensor",
        "hint: did you mean sensors? it has sensors, shop",
    ]


@pytest.mark.parametrize(
    ("arguments", "slow"),
    [
        ("--version", {"boto3", "psycopg2", "rich", "pulumi", "local"}),
        ("--help", {"boto3", "psycopg2", "rich", "pulumi", "local"}),
        ("list --help", {"pulumi", "local"}),
        ("status --help", {"pulumi", "local"}),
    ],
)
def test_a_prompt_start_imports_only_what_is_needed(arguments: str, slow: set[str]) -> None:
    code = (
        "import sys; from snapper.cli.__main__ import main; main(sys.argv[1:]);"
        "print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=True,
    )
    assert slow & {*ran.stderr.split()} == set()

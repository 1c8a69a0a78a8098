"""What every command has in common: help, version, and bad input told as such."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from snapper import __version__
from snapper.cli.__main__ import main
from snapper.cli.app import COMMANDS

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
    assert "Exit codes:" in capsys.readouterr().out


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
def test_every_command_tells_its_exit_codes(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: snapper {command} ")
    assert "Exit codes:" in out


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
        timeout=30,
        check=True,
    )
    assert slow & {*ran.stderr.split()} == set()

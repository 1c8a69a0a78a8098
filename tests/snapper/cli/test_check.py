"""`snapper check`: every fault of the two secrets at once, wherever they come from, no password."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from snapper.cli.__main__ import main

GOOD = {
    "DATABASE_CONN_STRINGS": "A,postgres://u:s3cr3t@h/d,POSTGRES|B,postgresql://u:p,w|x@i:5/e,postgres",
    "BACKUP_STORAGE_DATA": "A,3|B,4",
}
BAD = {
    "DATABASE_CONN_STRINGS": "A,postgres://u:s3cr3t@h/d,MYSQL|C,,POSTGRES"
    "|D,postgres://u:s3cr3t@x@h/d,POSTGRES",
    "BACKUP_STORAGE_DATA": "A,0|Z,4|D,x",
}
PULUMI = """#!/bin/sh
for stack; do :; done
[ "$stack" = prod ] || { echo "error: no stack named '$stack' found" >&2; exit 255; }
[ -f Pulumi.yaml ] || { echo "error: no Pulumi.yaml project file found" >&2; exit 255; }
case $2 in --json) file=settings.json ;; *) file=$3 ;; esac
cat "$(dirname "$0")/$file"
"""


def lines(secrets: dict[str, str]) -> str:
    return "".join(f"{name}='{value}'\n" for name, value in secrets.items())


@pytest.fixture(params=["environment", "stdin", "pulumi"])
def arguments(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> object:
    """Give a function that hands secrets over in one of the ways, and gives the arguments."""

    def hand_over(secrets: dict[str, str]) -> list[str]:
        monkeypatch.chdir(tmp_path)
        if request.param == "environment":
            for name, value in secrets.items():
                monkeypatch.setenv(name, value)
            return ["check"]
        if request.param == "stdin":
            typed = f"# mine\nexport {lines(secrets)}".encode()
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
            return ["check", "--stdin"]
        (tmp_path / "pulumi").write_text(PULUMI)
        (tmp_path / "pulumi").chmod(0o755)
        for name, value in {"settings.json": "{}", **secrets}.items():
            (tmp_path / name).write_text(value + "\n")
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return ["check", "--pulumi", "prod"]

    return hand_over


def test_good_secrets_are_shown_without_a_password(
    arguments: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(GOOD)) == 0  # type: ignore[operator]
    shown = capsys.readouterr()
    assert [line.split() for line in shown.out.splitlines()] == [
        ["database", "place", "keeps"],
        ["A", "h/d", "3"],
        ["B", "i:5/e", "4"],
    ]
    assert "s3cr3t" not in shown.out + shown.err
    assert "p,w" not in shown.out + shown.err


def test_every_fault_is_told_at_once_without_a_password(
    arguments: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(BAD)) == 2  # type: ignore[operator]
    shown = capsys.readouterr()
    for fault in (
        "row 1 (A): type MYSQL is not supported yet",
        "row 2 (C) has an empty connection",
        "row 2 (C) has no row in BACKUP_STORAGE_DATA",
        "row 3 (D): there is an '@' in the host",
        "row 1 (A) must keep a whole number",
        "row 2 (Z) has no row in DATABASE_CONN_STRINGS",
        "row 3 (D) must keep a whole number",
    ):
        assert fault in shown.err
    assert shown.out == ""
    assert "s3cr3t" not in shown.err


def test_with_json_faults_are_a_list(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in BAD.items():
        monkeypatch.setenv(name, value)
    assert main(["check", "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["valid"] is False
    assert len(document["faults"]) == 7
    assert "s3cr3t" not in str(document)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    assert main(["check", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["databases"][0] == {"database": "A", "place": "h/d", "retention": 3}
    monkeypatch.setenv(
        "BACKUP_STORAGE_DATA", GOOD["BACKUP_STORAGE_DATA"].replace("A,3", "A,daily=3")
    )
    assert main(["check", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["databases"][0]["retention"] == "daily=3"


def many(databases: int) -> dict[str, str]:
    """As many as the environment of a test cannot hold; from a file or from Pulumi they come."""
    keys = [f"DATABASE-{n:04}" for n in range(databases)]
    at = "postgresql://backup:0123456789abcdef@database.example.com:5432/orders?sslmode=require"
    return {
        "DATABASE_CONN_STRINGS": "|".join(f"{key},{at},POSTGRES" for key in keys),
        "BACKUP_STORAGE_DATA": "|".join(f"{key},7" for key in keys),
    }


@pytest.mark.long
def test_more_databases_than_pulumi_can_hand_over_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(databases: int, *options: str) -> int:
        typed = io.BytesIO(lines(many(databases)).encode())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(typed))
        return main(["check", "--stdin", *options])

    assert check(1100) == 2
    told = capsys.readouterr().err
    assert "the secrets of 1100 databases take" in told
    assert "hint: bin/snapper databases add takes the others" in told
    fitting = int(told.partition("about ")[2].split()[0])
    assert check(1100, "--json") == 2
    assert len(json.loads(capsys.readouterr().out)["faults"]) == 1
    assert check(fitting) == 0
    assert f"warning: the secrets of {fitting} databases fill" in capsys.readouterr().err
    assert check(fitting // 2) == 0
    assert capsys.readouterr().err == ""


def test_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BACKUP_STORAGE_DATA", "A,3")
    monkeypatch.delenv("DATABASE_CONN_STRINGS", raising=False)
    assert main(["check"]) == 2
    assert "error: DATABASE_CONN_STRINGS not given\n" in capsys.readouterr().err
    assert main(["check", "--stdin", "--pulumi", "prod"]) == 2


def test_pulumis_own_complaint_is_passed_on(
    arguments: object, capsys: pytest.CaptureFixture[str]
) -> None:
    given = arguments(GOOD)  # type: ignore[operator]
    if "--pulumi" in given:
        assert main([*given[:-1], "dev"]) == 2
        assert "failed: error: no stack named 'dev' found" in capsys.readouterr().err


def test_no_pulumi_cli_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["check", "--pulumi", "prod"]) == 2
    assert "the Pulumi CLI cannot be run" in capsys.readouterr().err


def test_what_cannot_work_from_the_function_is_told_with_what_to_write(
    arguments: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    connections = {
        "A": "postgresql://u:s3cr3t@localhost/d?sslmode=Require",
        "B": "host=h password=s3cr3t sslrootcert=/home/me/root.pem sslmode=verify-full",
        "C": "postgresql://u:s3cr3t@ep-x-pooler.eu-central-1.aws.neon.tech/d",
    }
    secrets = {
        "DATABASE_CONN_STRINGS": "|".join(f"{k},{c},POSTGRES" for k, c in connections.items()),
        "BACKUP_STORAGE_DATA": "A,1|B,1|C,1",
    }
    assert main(arguments(secrets)) == 2
    told = capsys.readouterr()
    for words in (
        "row 1 (A): localhost means the function itself: write",
        "row 1 (A): libpq does not know this value of sslmode: write it in small letters",
        "row 2 (B): sslrootcert needs a file of yours",
        "row 3 (C): ep-x-pooler.eu-central-1.aws.neon.tech is Neon's pooler",
    ):
        assert words in told.err
    assert "s3cr3t" not in told.out + told.err


def test_what_may_not_work_is_warned_of(arguments: Any, capsys: pytest.CaptureFixture[str]) -> None:
    secrets = {
        "DATABASE_CONN_STRINGS": "A,postgresql://u:s3cr3t@db.example.com:6432/d,POSTGRES",
        "BACKUP_STORAGE_DATA": "A,1",
    }
    assert main(arguments(secrets)) == 0
    assert "warning: A: db.example.com has port 6432" in capsys.readouterr().err


def test_schedule_and_options_of_a_stack_are_looked_at_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    options = {
        "A": {"schedule": "cron(0 3 31 2 ? *)", "shedule": "rate(1 day)"},
        "B": {"auth": "rds-iam", "dumpIn": "batch"},
        "C": {},
    }
    told = {
        "snapper:databases": {"value": json.dumps(options), "objectValue": options},
        "snapper:schedule": {"value": "cron(0 3 1 1 ? 2020)"},
        "snapper:drillDiskGb": {"value": "11"},
        "snapper:drill": {"value": "monthly"},
        "snapper:provenWithinDays": {"value": "14"},
        "snapper:DATABASE_CONN_STRINGS": {"secret": True},
        "aws:schedule": {"value": "none of ours"},
    }
    made = {"settings.json": json.dumps(told), "pulumi": PULUMI, **GOOD}
    for name, text in made.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert main(["check", "--pulumi", "prod"]) == 2
    shown = capsys.readouterr().err
    for words in (
        "error: the settings are invalid:",
        "schedule is cron(0 3 1 1 ? 2020), it never fires again: all of its days are over",
        "databases.A: schedule is cron(0 3 31 2 ? *), it never fires: there is no such day",
        "databases.A: shedule is not an option: did you mean schedule?",
        "databases.B: auth is rds-iam and the connection has a password: leave that out",
        "databases.B: dumpIn is batch, and largeDatabases is off",
        "databases.C is no database",
        "drillDiskGb is 11, must lie within 1..10",
        "provenWithinDays is 14, must be more than the 30 days between two drills",
        "hint: docs/options.md lists the options",
    ):
        assert words in shown
    assert "none of ours" not in shown


LONGER = json.dumps({"A": {"timeout": 600}})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"drill": "hourly"}, "drill is hourly, must be every-backup or daily or"),
        ({"drillDiskGb": "much"}, "drillDiskGb must be a whole number"),
        ({"provenWithinDays": "900"}, "provenWithinDays is 900, must lie within -1..366"),
        ({"dumpJobs": "9"}, "dumpJobs is 9, must lie within 0..8"),
        ({"maxPerServer": "0"}, "maxPerServer is 0, must lie within 1..100"),
        ({"maxPerServre": "1"}, "maxPerServre is not a setting: did you mean maxPerServer?"),
        ({"subnetIds": "[1]"}, "subnetIds must be a list of texts"),
        ({"subnetIds": '["subnet-0a"]'}, "subnetIds is set without securityGroupIds"),
        ({"largeDatabases": "yes"}, "largeDatabases must be true or false"),
        ({"databases": "[" * 10**5}, "databases must hold the options of each database"),
        ({"databases": LONGER, "dumperTimeout": "300"}, "must be at most dumperTimeout"),
        (
            {"drill": "off", "drillDiskGb": "10", "dumpJobs": "8", "bucket": "", "subnetIds": "[]"},
            "",
        ),
    ],
)
def test_a_stack_is_judged_as_a_preview_judges_it(
    given: dict[str, str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    told = {f"snapper:{name}": {"value": value} for name, value in given.items()}
    for name, text in {"settings.json": json.dumps(told), "pulumi": PULUMI, **GOOD}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert main(["check", "--pulumi", "prod"]) == (2 if words else 0)
    assert words in capsys.readouterr().err

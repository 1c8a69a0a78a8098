"""`snapper download`: a file that is what was stored, or no file."""

import gzip
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from snapper.machine.children import ROOT
from snapper.values.job import write_time
from snapper.values.verification import Verification
from snapper.verbs.verify import record
from tests.support.manifests import NOON
from tests.support.restores import files_in, flip
from tests.support.stage import StageUnderTest
from tests.support.terminal import on_a_terminal


def test_a_backup_is_a_file_and_a_line_tells_its_sha256(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    with stage.database("files", stage.source(18).dsn):
        manifest = stage.back_up("files")
        ran = stage.run_cli("download", "files", "--output", str(tmp_path))
        assert ran.code == 0, ran.err
        (name,) = files_in(tmp_path)
        assert name == manifest.dump_key.replace("/", "-")
        assert manifest.sha256 in ran.out
        again = stage.run_cli("download", "files", "--output", str(tmp_path / name))
        assert (again.code, "exists already" in again.err) == (2, True)


def test_with_json_the_document_tells_the_file(stage: StageUnderTest, tmp_path: Path) -> None:
    with stage.database("files", stage.source(18).dsn):
        manifest = stage.back_up("files")
        file = tmp_path / "backup.gz"
        ran = stage.run_cli("download", "files", "-o", str(file), "--json")
        assert ran.document["file"] == str(file)
        assert ran.document["manifest"]["sha256"] == manifest.sha256
        assert b"dump complete" in gzip.decompress(file.read_bytes())


def test_a_dash_is_stdout(stage: StageUnderTest) -> None:
    with stage.database("piped", stage.source(18).dsn):
        manifest = stage.back_up("piped")
        ran = subprocess.run(
            [sys.executable, "-m", "snapper.cli", "download", "piped", "--output", "-"],
            env={**os.environ, **stage.environment()},
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        assert ran.stdout == stage.vault.read(manifest.dump_key)
        assert stage.run_cli("download", "piped", "-o", "-", "--json").code == 2


def test_a_terminal_is_spared_the_bytes(stage: StageUnderTest) -> None:
    shown = on_a_terminal("download", "shop", "-o", "-", environment=stage.environment())
    assert shown.code == 2
    assert "hint: pipe it, or name a file" in shown.text


@pytest.mark.parametrize("output", ["backups/", "backups/orders.sql.gz"])
def test_a_folder_that_is_not_there_is_refused_with_how_to_make_it(
    stage: StageUnderTest, tmp_path: Path, output: str
) -> None:
    ran = stage.run_cli("download", "shop", "--output", f"{tmp_path}/{output}")
    assert (ran.code, ran.err.splitlines()) == (
        2,
        [
            f"error: there is no folder {tmp_path}/backups",
            f"hint: make it: mkdir -p {tmp_path}/backups",
        ],
    )
    assert files_in(tmp_path) == []


def test_a_name_that_no_file_can_have_is_told_as_such(stage: StageUnderTest) -> None:
    name = "x" * 300
    ran = stage.run_cli("download", "shop", "--output", name)
    assert (ran.code, ran.err) == (2, f"error: {name} cannot be used: File name too long\n")


def test_wrong_bytes_exit_4_and_leave_no_file(stage: StageUnderTest, tmp_path: Path) -> None:
    with stage.database("wrong", stage.source(18).dsn):
        stage.damage(stage.back_up("wrong"), flip)
        ran = stage.run_cli("download", "wrong", "-o", str(tmp_path / "x"))
        assert ran.code == 4
        assert "is not what was stored" in ran.err
        assert files_in(tmp_path) == []


def test_no_backup_exits_3_and_says_where_to_look(stage: StageUnderTest) -> None:
    ran = stage.run_cli("download", "sensors")
    assert ran.code == 3
    assert "hint: bin/snapper list" in ran.err


@pytest.mark.parametrize(
    "command", ["download", "verify", "list", "restore", "doctor", "prune", "run"]
)
def test_a_database_that_nobody_knows_exits_2_with_those_there_are(
    stage: StageUnderTest, command: str
) -> None:
    target = ["--to", "postgresql://nowhere/x"] if command == "restore" else []
    ran = stage.run_cli(command, "nobody", *target)
    assert ran.code == 2
    assert "nobody" in ran.err
    assert "sensors, shop" in ran.err


def test_what_is_known_to_be_damaged_is_warned_of_by_its_name(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    with stage.database("flawed-file", stage.source(18).dsn):
        good = stage.back_up("flawed-file")
        bad = replace(good, scheduled_at=good.scheduled_at + timedelta(seconds=1))
        stage.put_backup(bad, stage.vault.read(good.dump_key))
        unsound = Verification(NOON, bad.sha256, sound=False, reason="it is told so")
        record(stage.vault, "flawed-file", bad.scheduled_at, unsound)
        ran = stage.run_cli("download", "flawed-file", "-o", str(tmp_path / "good"), "--json")
        assert ran.document["manifest"]["object"] == good.dump_key
        assert "warning: passed over" in ran.err
        at = write_time(bad.scheduled_at)
        named = stage.run_cli("download", "flawed-file", "-o", str(tmp_path / "bad"), "--at", at)
        assert named.code == 0, named.err
        assert f"warning: the backup of flawed-file at {at} is damaged: it is told so" in named.err

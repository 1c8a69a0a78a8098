"""What of `verify --chain` is refused, and what a stage says that signs nothing."""

from pathlib import Path

import pytest

from tests.support.chains import KEYS
from tests.support.stage import StageUnderTest


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--export", "x"], "--export and --public-key are for --chain"),
        (["--chain", "--from", "replica"], "cannot be judged from replica"),
        (["--chain", "--restore"], "--chain reads no backup"),
        (["--chain", "--at", "2026-11-23"], "--chain reads no backup"),
        (["--chain", "--from", "x", "--export", "y"], "choose one"),
        (["--chain", "--from", "x"], "--from needs --public-key"),
        (["--chain", "--public-key", "/nowhere"], "/nowhere cannot be read"),
    ],
)
def test_what_makes_no_sense_is_refused(
    stage: StageUnderTest, arguments: list[str], words: str
) -> None:
    ran = stage.run_cli("verify", *arguments, env={})
    assert ran.code == 2
    assert words in ran.err


def test_what_is_no_key_and_what_is_no_export_is_said(
    stage: StageUnderTest, tmp_path: Path
) -> None:
    pem, export = tmp_path / "key.pem", tmp_path / "export.json"
    pem.write_text("hello")
    export.write_text("{}")
    asked = ("verify", "--chain", "--from", str(export), "--public-key", str(pem))
    assert "no public key" in stage.run_cli(*asked, env={}).err
    pem.write_text(KEYS[0].pem)
    ran = stage.run_cli(*asked, env={})
    assert (ran.code, "is no export of a chain" in ran.err) == (2, True)


def test_a_stage_that_signs_nothing_says_so(stage: StageUnderTest) -> None:
    ran = stage.run_cli("verify", "--chain")
    assert ran.code == 2
    assert "signs nothing" in ran.err
    assert "$1 a month" in ran.err

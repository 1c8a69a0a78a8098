"""`snapper check --pulumi` reads the third secret too, as a preview does."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from snapper.cli.__main__ import main
from tests.snapper.cli.test_check import GOOD, PULUMI, many
from tests.support.rds import HOST

GOOD_ROWS = "copy,postgresql://w:quiet9@db.example.com/copy,POSTGRES"
LARGE = {"largeDatabases": {"value": "true"}}
SECRET = {"RESTORE_CONN_STRINGS": {"secret": True}}


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """Give a function that checks a stack of these targets and settings."""

    def run(targets: str, settings: dict[str, object], secrets: dict[str, str] = GOOD) -> int:
        told = {f"snapper:{name}": value for name, value in settings.items()}
        made = {"settings.json": json.dumps(told), "pulumi": PULUMI, **secrets}
        for name, text in {**made, "RESTORE_CONN_STRINGS": targets}.items():
            (tmp_path / name).write_text(text)
        (tmp_path / "pulumi").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return main(["check", "--pulumi", "prod"])

    return run


def test_good_targets_are_let_pass_without_a_word(
    check: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(GOOD_ROWS, {**LARGE, **SECRET}) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "quiet9" not in shown.out


@pytest.mark.parametrize(
    ("targets", "settings", "words"),
    [
        (GOOD_ROWS, SECRET, "RESTORE_CONN_STRINGS is set, and largeDatabases is off"),
        (
            GOOD_ROWS,
            {**LARGE, "RESTORE_CONN_STRINGS": {"value": GOOD_ROWS}},
            "is not encrypted: pulumi config set --secret RESTORE_CONN_STRINGS",
        ),
        (
            "copy,postgresql://w:quiet9@localhost/copy,POSTGRES",
            {**LARGE, **SECRET},
            "RESTORE_CONN_STRINGS row 1 (copy): localhost means the function itself",
        ),
        (
            f"copy,postgresql://w@{HOST}/copy?sslmode=verify-full,POSTGRES",
            {**LARGE, **SECRET},
            "row 1 (copy): no password is given, and a target has no options, so neither a token",
        ),
    ],
)
def test_they_are_refused_as_a_preview_refuses_them(
    check: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    targets: str,
    settings: dict[str, object],
    words: str,
) -> None:
    assert check(targets, settings) == 2
    told = capsys.readouterr().err
    assert words in told
    assert "quiet9" not in told


def test_what_may_keep_one_from_being_reached_is_warned_of(
    check: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    verified = GOOD_ROWS.replace("/copy,", "/copy?sslmode=verify-full,")
    assert check(verified, {**LARGE, **SECRET}) == 0
    words = "warning: RESTORE_CONN_STRINGS (copy): the connection names no authorities"
    assert words in capsys.readouterr().err
    assert check(verified, {**LARGE, **SECRET, "caBundle": {"value": "own.pem"}}) == 0
    assert capsys.readouterr().err == ""


def test_all_three_secrets_together_must_fit_into_what_pulumi_hands_over(
    check: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = many(500)
    assert check(GOOD_ROWS, {**LARGE, **SECRET}, secrets) == 0
    assert capsys.readouterr().err == ""
    rows = secrets["DATABASE_CONN_STRINGS"]
    assert check(rows, {**LARGE, **SECRET}, secrets) == 0
    assert "warning: the secrets of 500 databases fill" in capsys.readouterr().err
    assert check(f"{rows}|more{rows}", {**LARGE, **SECRET}, secrets) == 2
    assert "the secrets of 500 databases take" in capsys.readouterr().err

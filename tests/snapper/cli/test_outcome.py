"""However a command ends, it ends in words and with its exit code."""

import json

import pytest

from snapper.cli.outcome import reporting
from snapper.errors import DumpFailed, SettingsError


def test_an_error_is_a_fact_and_a_hint_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting(as_json=False) as result:
        raise SettingsError("the count is 0", hint="set it to 1")
    captured = capsys.readouterr()
    assert captured.err == "error: the count is 0\nhint: set it to 1\n"
    assert captured.out == ""
    assert result.code == 2


def test_an_error_keeps_its_own_exit_code() -> None:
    with reporting(as_json=False) as result:
        raise DumpFailed("pg_dump is no more")
    assert result.code == 5


def test_with_json_an_error_is_one_document_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting(as_json=True):
        raise SettingsError("the count is 0", hint="set it to 1")
    assert json.loads(capsys.readouterr().out) == {
        "error": {"fact": "the count is 0", "hint": "set it to 1"}
    }


def test_no_second_document_follows_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with reporting(as_json=True) as result:
        result.answered = True
        raise SettingsError("too late")
    assert capsys.readouterr().out == ""
    assert result.code == 2

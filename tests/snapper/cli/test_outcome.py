"""However a command ends, it ends in words and with its exit code."""

import json
import os
import signal

import pytest

from snapper.cli.outcome import signals_raise, told
from snapper.errors import DumpFailed, SettingsError


def test_an_error_is_a_fact_and_a_hint_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with told(as_json=False) as result:
        raise SettingsError("the count is 0", hint="set it to 1")
    captured = capsys.readouterr()
    assert captured.err == "error: the count is 0\nhint: set it to 1\n"
    assert captured.out == ""
    assert result.code == 2


def test_an_error_keeps_its_own_exit_code() -> None:
    with told(as_json=False) as result:
        raise DumpFailed("pg_dump is no more")
    assert result.code == 5


def test_with_json_an_error_is_one_document_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    with told(as_json=True):
        raise SettingsError("the count is 0", hint="set it to 1")
    assert json.loads(capsys.readouterr().out) == {
        "error": {"fact": "the count is 0", "hint": "set it to 1"}
    }


def test_no_second_document_follows_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with told(as_json=True) as result:
        result.answered = True
        raise SettingsError("too late")
    assert capsys.readouterr().out == ""
    assert result.code == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_in_one_line_and_its_code(
    number: signal.Signals, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    former = signal.getsignal(number)
    with told(as_json=False) as result, signals_raise():
        os.kill(os.getpid(), number)
        signal.pause()
    assert result.code == code
    assert capsys.readouterr().err == f"error: interrupted by {number.name}\n"
    assert signal.getsignal(number) is former


def test_a_second_signal_does_not_interrupt_the_clearing_up() -> None:
    cleared = False
    with told(as_json=False) as result, signals_raise():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            signal.pause()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleared = True
    assert cleared
    assert result.code == 130

"""Failures have colour on a terminal, and nowhere else."""

import io

import pytest

from snapper.cli.colour import label
from tests.support.terminal import Terminal


@pytest.fixture(autouse=True)
def _a_terminal_with_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_terminal_shows_an_error_in_red() -> None:
    assert label("error", Terminal()) == "\x1b[1;31merror:\x1b[0m"


def test_a_pipe_gets_plain_words() -> None:
    assert label("error", io.StringIO()) == "error:"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_switched_off(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert label("warning", Terminal()) == "warning:"

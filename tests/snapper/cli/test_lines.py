"""On a terminal lines break between words and failures have colour; elsewhere neither."""

import io

import pytest

from snapper.cli.lines import fitted, labelled
from tests.support.terminal import Terminal


@pytest.fixture(autouse=True)
def _a_terminal_with_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_terminal_shows_an_error_in_red() -> None:
    assert labelled("error", "no", Terminal()) == "\x1b[1;31merror:\x1b[0m no"
    assert labelled("hint", "yes", Terminal()) == "hint: yes"


def test_a_pipe_gets_plain_words() -> None:
    assert labelled("error", "no", io.StringIO()) == "error: no"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_switched_off(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert labelled("warning", "so", Terminal()) == "warning: so"


def test_words_stay_whole_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    words = "orders/2026-11-23T03-00-00Z.sql.gz is gone, its manifest is still there"
    assert fitted(words, Terminal()).split() == words.split()
    assert fitted(words, Terminal()).splitlines()[0] == "orders/2026-11-23T03-00-00Z.sql.gz"
    assert max(map(len, fitted(words, Terminal()).splitlines()[1:])) <= 20
    assert fitted(words, io.StringIO()) == words


def test_the_items_of_a_list_keep_their_indentation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "12")
    assert fitted("faults:\n  - one two three", Terminal()) == "faults:\n  - one two\n  three"


def test_no_line_within_the_words_looks_as_if_it_had_a_label() -> None:
    words = "the secrets are invalid:\n  - one\nok: all restored"
    assert labelled("error", words, io.StringIO()) == (
        "error: the secrets are invalid:\n  - one\n  ok: all restored"
    )


def test_controls_in_the_words_are_shown_and_the_colours_are_ours() -> None:
    assert labelled("error", "\x1b[0mno", Terminal()) == "\x1b[1;31merror:\x1b[0m \\x1b[0mno"

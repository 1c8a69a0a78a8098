"""Whatever somebody has named a thing: it is seen, and does nothing."""

import json
import subprocess

from hypothesis import given
from hypothesis import strategies as st

from snapper.values.visible import one_line, shell_word, visible, visible_json
from tests.support.hostile_text import ATTACKS, EVERYTHING, harm


@given(st.text())
def test_nothing_of_any_text_acts_on_a_terminal(text: str) -> None:
    assert not [each for each in harm(visible(text)) if len(each) == 1]
    assert not harm(one_line(text).replace("error", "").replace("ok", "").replace("hint", ""))
    assert "\n" not in one_line(text)


def test_text_of_any_language_stays_as_it_is() -> None:
    for text in (
        "Bücher «très bien»\u00a0!",
        "注文 テーブル",
        "заказы",
        "سفارش",
        "a\tb\nc",
        "\\x1b",
    ):
        assert visible(text) == text


def test_controls_are_written_as_a_literal_has_them() -> None:
    assert visible("\x1b]52;c;\x07\x9b\r\u202e\U000e0041") == (
        "\\x1b]52;c;\\x07\\x9b\\r\\u202e\\U000e0041"
    )
    assert one_line("a\nok: b\t") == "a\\nok: b\\t"


def test_a_shell_reads_a_quoted_word_as_it_was() -> None:
    for text in (*ATTACKS.values(), EVERYTHING, "it's", "a b", "", "é\x1b'\\"):
        word = shell_word(text)
        assert not harm(word)
        line = f"printf %s {word}"
        echoed = subprocess.run(["bash", "-c", line], capture_output=True, check=True)
        assert echoed.stdout.decode() == text


@given(st.dictionaries(st.text(), st.text()))
def test_a_json_document_keeps_its_value(value: dict[str, str]) -> None:
    for ascii_alone in (True, False):
        document = visible_json(json.dumps(value, indent=2, ensure_ascii=ascii_alone))
        assert json.loads(document) == value
        assert not [each for each in harm(document) if len(each) == 1]

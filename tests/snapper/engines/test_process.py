"""What is kept of a tool's last words: the reasons, and no piece of a secret."""

import sys

import pytest

from snapper.engines.process import ToolProcess
from snapper.values.redaction import Redactor

SECRET = "hush hush, and not a word"


def last_words(code: str) -> str:
    with ToolProcess([sys.executable, "-c", code], {}, Redactor([SECRET])) as tool:
        tool.wait()
        return tool.last_words()


def test_a_line_as_long_as_a_query_may_be_pushes_out_no_reason() -> None:
    words = last_words(
        "import sys; print('error: out of shared memory', 'detail: ' + 'x' * 200_000,"
        " 'the end', sep='\\n', file=sys.stderr)"
    )
    assert words.startswith("error: out of shared memory detail: xxx")
    assert words.endswith("x the end")
    assert len(words) < 5_000


@pytest.mark.parametrize("before", range(4068, 4100, 4))
def test_no_first_half_of_a_secret_is_left_where_a_line_is_cut(before: int) -> None:
    words = last_words(
        f"import sys; print('x' * {before} + {SECRET!r} + 'y' * 9_000, file=sys.stderr)"
    )
    assert "hush" not in words
    assert "xhu" not in words
    assert words.count("x") == min(before, 4096)

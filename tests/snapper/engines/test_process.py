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


@pytest.mark.parametrize("refused", [False, True])
def test_its_pipe_is_wide_where_the_kernel_lets_it_be(
    refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fcntl(_: object, command: int, size: int) -> None:
        asked.append((command, size))
        if refused:
            raise PermissionError

    monkeypatch.setattr("fcntl.fcntl", fcntl)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("fcntl.F_SETPIPE_SZ", 1031, raising=False)
    with ToolProcess(["/bin/echo", "there"], {}, Redactor()) as tool:
        assert tool.pipe.read() == b"there\n"
    assert asked == [(1031, 1 << 20)]

"""Sizes in words."""

import pytest

from snapper.cli.render import size, table
from tests.support.terminal import Terminal


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_536_000, "1.5 MB"),
        (7e15, "7000.0 TB"),
    ],
)
def test_a_size_has_the_unit_that_people_would_choose(count: int, words: str) -> None:
    assert size(count) == words


def test_what_is_wrong_is_red_on_a_terminal_but_not_a_name_that_looks_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout", shown := Terminal())
    table(("database", "state"), [("LATE", "LATE, SHRUNK"), ("FAILED", "ok")])
    rows = [line for line in shown.getvalue().splitlines() if "LATE" in line or "ok" in line]
    assert rows == [
        " LATE      \x1b[1;31mLATE\x1b[0m, \x1b[1;31mSHRUNK\x1b[0m",
        " FAILED    ok",
    ]


def test_in_a_pipe_every_row_is_one_line_however_long(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = "as it is " * 2000
    table(("database", "size", "state"), [("注文", "1.5 MB", told), ("b\nc", "9 bytes", "")])
    assert capsys.readouterr().out.splitlines() == [
        "database     size  state",
        f"注文       1.5 MB  {told.rstrip()}",
        "b\\nc      9 bytes",
    ]


def test_no_word_of_the_last_column_is_broken_while_other_columns_can_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout", shown := Terminal())
    key = "shop/2026-11-26T01-18-44Z.sql.gz"
    row = ("shop", "2026-11-26T01:18:44Z", "53m", "407.4 kB", f"DAMAGED: {key} is gone")
    table(("database", "taken at", "age", "stored", "verified"), [row], ("stored", "age"))
    assert key in shown.getvalue()

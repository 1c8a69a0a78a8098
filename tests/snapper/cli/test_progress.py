"""Progress is talk: on stderr, plain in a pipe."""

import pytest

from snapper.cli.progress import Progress


def test_steps_and_results_are_plain_lines_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress("one [not markup]")
        progress.result("2 of 2")
        progress("two")
    captured = capsys.readouterr()
    assert captured.err == "one [not markup]\n  2 of 2\ntwo\n"
    assert captured.out == ""

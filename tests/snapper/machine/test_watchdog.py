"""What a process that died leaves behind is taken away, also what is still written into."""

import json
import shutil
from pathlib import Path

import pytest

from snapper.machine import watchdog


def test_a_directory_that_is_still_written_into_is_removed_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, remove, tried = tmp_path / "run", shutil.rmtree, []

    def hindered(path: Path, *, ignore_errors: bool) -> None:
        tried.append(path)
        remove(path, ignore_errors=ignore_errors)
        if len(tried) < 3:
            (path / "late").mkdir(parents=True)

    monkeypatch.setattr(shutil, "rmtree", hindered)
    (directory / "deep").mkdir(parents=True)
    watchdog.watch([json.dumps({"remove": str(directory)})])
    assert tried == [directory] * 3
    assert not directory.exists()

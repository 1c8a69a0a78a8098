"""What a process that died leaves behind is taken away, also what is still written into."""

import json
import os
from pathlib import Path

import pytest

from snapper.machine import watchdog


def test_a_directory_that_is_still_written_into_is_removed_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, remove, tried = tmp_path / "run", watchdog.remove, []

    def hindered(path: Path) -> None:
        tried.append(path)
        remove(path)
        if len(tried) < 3:
            (path / "late").mkdir(parents=True)

    monkeypatch.setattr(watchdog, "remove", hindered)
    (directory / "deep").mkdir(parents=True)
    watchdog.watch([json.dumps({"remove": str(directory)})])
    assert tried == [directory] * 3
    assert not directory.exists()


def test_a_directory_is_removed_however_deep_somebody_nested_it(tmp_path: Path) -> None:
    directory = tmp_path / "run"
    directory.mkdir()
    here = os.open(directory, os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    watchdog.remove(directory)
    assert not directory.exists()

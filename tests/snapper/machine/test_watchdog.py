"""What a process that died leaves behind is taken away, also what is still written into."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")
def test_a_process_that_ends_while_it_is_looked_at_hides_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kernel may say of its files, once they are found, that there is no such process."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as ended:
        for name in ("open", "stat"):
            monkeypatch.setattr(os, name, _gone(getattr(os, name), f"/proc/{ended.pid}/"))
        monkeypatch.setattr("io.open", _gone(open, f"/proc/{ended.pid}/"))
        table = watchdog.process_table()
        monkeypatch.undo()
        ended.communicate(b"\n")
    assert os.getpid() in table
    assert ended.pid not in table


def _gone(call: Callable[..., Any], folder: str) -> Callable[..., Any]:
    def refused(path: object, *args: object, **more: object) -> Any:
        if str(path).startswith(folder):
            raise ProcessLookupError
        return call(path, *args, **more)

    return refused


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

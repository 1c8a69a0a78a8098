"""Large blocks of memory go back when they are free."""

import json
import subprocess
import sys

import pytest

from snapper.machine import python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="of glibc alone")

_GROW = """
import json, sys
from pathlib import Path
from snapper.machine.memory import give_back_large_blocks

def used():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

asked = "ask" in sys.argv
if asked:
    give_back_large_blocks()
bytes(16 << 20)                      # freed at once: from here on glibc has its heap grow
begun = used()
kept, small = [], []
for _ in range(8):
    kept.append(bytearray(b"x") * (8 << 20))
    small.append(bytearray(b"y") * 4096)
del kept                             # what is left lies behind them
print(json.dumps(used() - begun))
"""


def test_what_was_freed_is_not_kept_by_the_process() -> None:
    assert _left("ask") < 8 << 20
    assert _left() > 16 << 20, "else nothing is to be asked for"


def _left(*arguments: str) -> int:
    """Give the bytes that a process has still, of 64 MiB that it has freed."""
    command = [sys.executable, "-c", _GROW, *arguments]  # -c: the current folder is ours
    done = subprocess.run(command, check=True, capture_output=True, cwd=python.ROOT)
    left: int = json.loads(done.stdout)
    return left

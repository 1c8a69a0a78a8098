"""A terminal for a command: what it shows there, what is typed into it, and how it ends."""

import fcntl
import io
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from snapper.machine.children import ROOT
from tests.support.cloud import LONGEST

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLUMNS = 100


@dataclass
class Shown:
    """Everything that the terminal showed, without colours and as it came, and the exit code."""

    code: int
    text: str
    raw: bytes


class Terminal(io.StringIO):
    """A stream that says it is a terminal, for what is tested in this process."""

    def isatty(self) -> bool:
        return True


def on_a_terminal(
    *arguments: str,
    environment: Mapping[str, str],
    command: Sequence[str] = (sys.executable, "-P", "-m", "snapper.cli"),
    react: Callable[[str], bytes | signal.Signals | None] = lambda _: None,
    seconds: float = LONGEST,
) -> Shown:
    """Run a command of Snapper on a terminal of its own.

    `react` is shown the text so far, again and again, and may answer it by keys or by a signal.
    """
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    running = subprocess.Popen(
        [*command, *arguments],
        env={"PATH": os.environ["PATH"], "TERM": "xterm", "PYTHONPATH": str(ROOT), **environment},
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(its)
    shown, deadline = b"", time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            if select.select([ours], [], [], 0.05)[0]:
                try:
                    shown += os.read(ours, 65536)
                except OSError:  # nobody has the terminal open any more
                    break
            answer = react(_plain(shown))
            if isinstance(answer, signal.Signals):
                running.send_signal(answer)
            elif answer:
                os.write(ours, answer)
        code = running.wait(max(deadline - time.monotonic(), 1))
    finally:
        running.kill()
        os.close(ours)
    return Shown(code, _plain(shown), shown)


def once(
    sign: str, answer: bytes | signal.Signals
) -> Callable[[str], bytes | signal.Signals | None]:
    """Answer the first time that the sign is shown."""
    given: list[object] = []

    def react(text: str) -> bytes | signal.Signals | None:
        if sign in text and not given:
            given.append(answer)
            return answer
        return None

    return react


def _plain(shown: bytes) -> str:
    return _ESCAPES.sub("", shown.decode(errors="replace"))

"""A tool as a child process: its own group, its last words, no secret in its argv."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Self, cast

from snapper.errors import SettingsError
from snapper.values.redaction import Redactor
from snapper.values.secrets import LONGEST_CONNECTION

# How much of stderr is kept: a tool that floods it must fill neither memory nor its pipe.
_MESSAGE_LINES = 20
_LONGEST_LINE = 4096
_LONGEST_SECRET = LONGEST_CONNECTION
_STOP_SECONDS = 5

_PIPE_BYTES = 1 << 20
"""What a pipe holds at most for an ordinary user of Linux; by itself it holds 64 KiB."""


class ToolProcess:
    """One run of a tool. As a context it never outlives its block."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        redact: Redactor,
        *,
        feed: bool = False,
    ) -> None:
        """Start the tool, reading it or feeding it; raises SettingsError if it cannot run."""
        self.name = Path(command[0]).name
        self._redact = redact
        try:
            self._process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if feed else subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=0,
            )
        except OSError as error:
            raise SettingsError(f"{command[0]} cannot be started: {error.strerror}") from None
        pipe = self._process.stdin if feed else self._process.stdout
        self.pipe = cast("IO[bytes]", pipe)
        _widen(self.pipe)
        self._errors = cast("IO[bytes]", self._process.stderr)
        self._swept = False
        self._messages: deque[bytes] = deque(maxlen=_MESSAGE_LINES)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        try:
            self._listener.start()
        except BaseException:
            # Without memory for a thread there is nobody who would end the tool.
            self.end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._listener.join(_STOP_SECONDS)
        with contextlib.suppress(BrokenPipeError):
            self.pipe.close()

    def wait(self, seconds: float | None = None) -> int:
        """Wait for the tool to end by itself, and give its status.

        Raises TimeoutError if it has not ended after so many seconds.
        """
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        self._sweep()
        self._listener.join(_STOP_SECONDS)
        return status

    def status(self) -> int | None:
        """Give the status with which it ended, or None while it runs."""
        return self._process.poll()

    def end(self) -> None:
        """End the whole group: kindly first, so that the server hears of it."""
        for name in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, name)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
        self._sweep()

    def obituary(self, status: int) -> str:
        """Say how it ended, in its own last words with the secrets masked."""
        words = self.last_words() or "it said nothing"
        how = (
            f"was killed by {signal.Signals(-status).name}"
            if status < 0
            else f"exited with status {status}"
        )
        return f"{self.name} {how}: {words}"

    def last_words(self) -> str:
        """Give the end of what it said on stderr, in one line with the secrets masked."""
        kept = list(self._messages)
        if len(kept) == _MESSAGE_LINES:
            # What went before may have been the first half of a secret.
            kept[0] = kept[0].partition(b" ")[2]
        text = b"".join(kept).decode(errors="replace")
        return " ".join(self._redact(text).split())

    def _sweep(self) -> None:
        """End what the tool started and left behind; it would hold the pipes open.

        Once only, right after the tool's end: later the number may be that of another group.
        """
        if not self._swept:
            self._swept = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _listen(self) -> None:
        # Closed here: somebody who got away with the pipe must hold up nobody but this thread.
        with self._errors:
            for line in iter(lambda: self._errors.readline(_LONGEST_LINE + _LONGEST_SECRET), b""):
                self._messages.append(self._beginning(line))
                rest = line
                while rest and not rest.endswith(b"\n"):
                    rest = self._errors.readline(_LONGEST_LINE)

    def _beginning(self, line: bytes) -> bytes:
        """Cut a line, such as a query of 100 kB, so that it pushes out none of the reasons."""
        if len(line) <= _LONGEST_LINE:
            return line
        # Masked before it is cut, or the first half of a secret could be left.
        return self._redact(line.decode(errors="replace"))[:_LONGEST_LINE].encode() + b"\n"


def _widen(pipe: IO[bytes]) -> None:
    """Let the two ends wait for each other less often, where the kernel lets them."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

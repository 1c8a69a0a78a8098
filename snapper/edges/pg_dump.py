"""One pg_dump as a stream whose end is believed only after a clean exit."""

import contextlib
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import IO, Self, cast

from snapper.edges.client_tools import ClientTools
from snapper.edges.postgres import APPLICATION, DEFAULTS
from snapper.errors import DumpFailed, SnapperError
from snapper.values.connection import Connection
from snapper.values.redaction import Redactor

LOCK_WAIT = "60s"
"""How long pg_dump waits for a table: behind a longer wait the application's queries pile up."""

END_MARKER = b"-- PostgreSQL database dump complete"
"""pg_dump's own last word; recent releases put a `\\unrestrict` line behind it."""

# Bytes of output in which the end marker must be, and how much of stderr is kept.
_TAIL = 1024
_MESSAGE_LINES = 20
_LONGEST_LINE = 4096

_STOP_SECONDS = 5


def pg_dump_command(tools: ClientTools, major: int, connection: Connection) -> list[str]:
    """Give the argv of a whole plain dump; it holds no secret."""
    conninfo = connection.conninfo(DEFAULTS, application_name=APPLICATION)
    return [
        str(tools.tool("pg_dump", major)),
        "--format=plain",
        "--no-password",
        f"--lock-wait-timeout={LOCK_WAIT}",
        f"--dbname={conninfo}",
    ]


class CheckedDump:
    """The output of a dumping command; `read` raises where a plain pipe would just end."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], redact: Redactor
    ) -> None:
        self._redact = redact
        self._stopped: SnapperError | None = None
        self._tail = b""
        try:
            self._process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=0,
            )
        except OSError as error:
            raise DumpFailed(f"pg_dump cannot be started: {error.strerror}") from None
        self._output = cast("IO[bytes]", self._process.stdout)
        self._errors = cast("IO[bytes]", self._process.stderr)
        self._messages: deque[bytes] = deque(maxlen=_MESSAGE_LINES)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()
        self._listener.join()
        self._output.close()
        self._errors.close()

    def read(self, size: int) -> bytes:
        """Give what has come, at most `size` bytes; b"" only when pg_dump ended well.

        Raises DumpFailed with pg_dump's own last words, secrets masked, or the error that `stop`
        was called with.
        """
        block: bytes = self._output.read1(size)  # type: ignore[attr-defined]  # a pipe is buffered
        if block:
            self._tail = (self._tail + block[-_TAIL:])[-_TAIL:]
            return block
        status = self._process.wait()
        self._listener.join()
        if self._stopped is not None:
            raise self._stopped
        if status:
            raise DumpFailed(f"pg_dump {_ending(status)}: {self._last_words()}")
        if END_MARKER not in self._tail:
            raise DumpFailed("pg_dump ended without its end marker; the dump is not whole")
        return b""

    def stop(self, reason: SnapperError) -> None:
        """Stop pg_dump from another thread; the reader then raises `reason`."""
        self._stopped = reason
        self._end()

    def _end(self) -> None:
        """End the whole group: first kindly, so that pg_dump cancels its query on the server."""
        for name in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, name)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)

    def _listen(self) -> None:
        """Drain stderr, keeping its last lines: a full pipe would stop the dump."""
        # A line without end is cut into pieces: what is kept stays small.
        for line in iter(lambda: self._errors.readline(_LONGEST_LINE), b""):
            self._messages.append(line)

    def _last_words(self) -> str:
        text = b"".join(self._messages).decode(errors="replace")
        return " ".join(self._redact(text).split()) or "it said nothing"


def _ending(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"exited with status {status}"

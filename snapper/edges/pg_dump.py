"""One pg_dump as a stream whose end is believed only after a clean exit."""

from collections.abc import Mapping, Sequence
from typing import cast

from snapper.edges.client_tools import ClientTools
from snapper.edges.postgres import APPLICATION, DEFAULTS
from snapper.edges.process import ToolProcess
from snapper.errors import DumpFailed, SnapperError
from snapper.values.connection import Connection
from snapper.values.redaction import Redactor

LOCK_WAIT = "60s"
"""How long pg_dump waits for a table: behind a longer wait the application's queries pile up."""

END_MARKER = b"-- PostgreSQL database dump complete"
"""pg_dump's own last word; recent releases put a `\\unrestrict` line behind it."""

# Bytes at the end of the output in which the end marker must be.
_TAIL = 1024


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


class CheckedDump(ToolProcess):
    """The output of a dumping command; `read` raises where a plain pipe would just end."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], redact: Redactor
    ) -> None:
        """Start the command; raises SettingsError if it cannot run."""
        super().__init__(command, environment, redact)
        self._stopped: SnapperError | None = None
        self._tail = b""

    def read(self, size: int, /) -> bytes:
        """Give what has come, at most `size` bytes; b"" only when pg_dump ended well.

        Raises DumpFailed with pg_dump's own last words, secrets masked, or the error that `stop`
        was called with.
        """
        block = cast("bytes", self.pipe.read1(size))  # type: ignore[attr-defined]  # buffered
        if block:
            self._tail = (self._tail + block[-_TAIL:])[-_TAIL:]
            return block
        status = self.wait()
        self.check()
        if status:
            raise DumpFailed(self.obituary(status))
        if END_MARKER not in self._tail:
            raise DumpFailed("pg_dump ended without its end marker: the dump is not whole")
        return b""

    def check(self) -> None:
        """Raise the error that `stop` was called with, if it was."""
        if self._stopped is not None:
            raise self._stopped

    def stop(self, reason: SnapperError) -> None:
        """Stop pg_dump from another thread; the reader then raises `reason`."""
        self._stopped = reason
        self.end()

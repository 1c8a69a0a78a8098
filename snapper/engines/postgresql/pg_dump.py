"""One pg_dump as a stream whose end is believed only after a clean exit."""

import os
import select
import threading
from collections.abc import Mapping, Sequence
from typing import NoReturn

from snapper.engines.postgresql.client_tools import ClientTools
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.server import LONGEST_SILENCE, conninfo
from snapper.engines.process import ToolProcess
from snapper.errors import DumpFailed, SnapperError
from snapper.values.redaction import Redactor

LOCK_WAIT = "60s"
"""How long pg_dump waits for a table: behind a longer wait the application's queries pile up."""

END_MARKER = b"-- PostgreSQL database dump complete"
"""pg_dump's own last word; recent releases put a `\\unrestrict` line behind it."""

_GRANTS = "GRANT pg_read_all_data TO the user of the connection"
_MENDS = {
    "due to statement timeout": f"a table was locked for more than {LOCK_WAIT}, and pg_dump does "
    "not wait longer, so that nobody has to wait for it: move the schedule away from migrations",
    "permission denied for large object": "pg_read_all_data holds for no large object: make the "
    "user a member of their owner, or GRANT SELECT ON LARGE OBJECT … TO it",
    "permission denied": f"{_GRANTS}, or whatever it may not read",
    "row-level security": "a dump that leaves out rows is none: ALTER ROLE … BYPASSRLS, or GRANT "
    "the table's owner to the user of the connection",
    "max_locks_per_transaction": "pg_dump locks every table at once: raise the setting on the "
    "server and restart it",
    "Cannot enlarge string buffer": "a row is larger than a gigabyte as text, which PostgreSQL "
    "cannot give out: store such values in pieces, or as large objects",
    "invalid memory alloc request size": "a row is larger than a gigabyte as text, which "
    "PostgreSQL cannot give out: store such values in pieces, or as large objects",
    "server closed the connection": "the server died or was stopped; its log tells why",
    "terminating connection": "the server ended the session; its log tells why",
}
"""What to do about it, by pg_dump's own words."""

# Bytes at the end of the output in which the end marker must be.
_TAIL = 1024


def pg_dump_command(
    tools: ClientTools, major: int, connection: Connection, encoding: str
) -> list[str]:
    """Give the argv of a whole plain dump in the database's own encoding; it holds no secret."""
    return [
        str(tools.tool("pg_dump", major)),
        "--format=plain",
        # Said, or a setting of the role or the database could name one that lacks characters.
        f"--encoding={encoding}",
        "--no-password",
        f"--lock-wait-timeout={LOCK_WAIT}",
        f"--dbname={conninfo(connection)}",
    ]


class CheckedDump(ToolProcess):
    """The output of a dumping command; `read` raises where a plain pipe would just end."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        redact: Redactor,
        patience: float = LONGEST_SILENCE,
    ) -> None:
        """Start the command; raises SettingsError if it cannot run.

        `patience` is how many seconds it may let a reader wait for its next byte, or for its end.
        """
        super().__init__(command, environment, redact)
        self._patience = patience
        self._output = select.poll()
        self._output.register(self.pipe, select.POLLIN)
        self._stopped: SnapperError | None = None
        self._committed = False
        self._turn = threading.Lock()
        self._tail = b""

    def read(self, size: int, /) -> bytes:
        """Give what has come, at most `size` bytes; b"" only when pg_dump ended well.

        Raises DumpFailed with pg_dump's own last words, secrets masked, or when nothing has come
        for too long, or the error that `stop` was called with.
        """
        # Only here a reader waits for pg_dump: a slow upload is not held against it.
        if not self._output.poll(self._patience * 1000):
            self._give_up()
        if block := os.read(self.pipe.fileno(), size):
            self._tail = (self._tail + block[-_TAIL:])[-_TAIL:]
            return block
        try:
            status = self.wait(self._patience)
        except TimeoutError:
            self._give_up()
        self.check()
        if status:
            words = self.obituary(status)
            mend = next((mend for sign, mend in _MENDS.items() if sign in words), "")
            raise DumpFailed(words, hint=mend)
        if END_MARKER not in self._tail:
            raise DumpFailed("pg_dump ended without its end marker: the dump is not whole")
        return b""

    def check(self) -> None:
        """Raise the error that `stop` was called with, if it was."""
        if self._stopped is not None:
            raise self._stopped

    def commit(self) -> None:
        """Raise as `check` does, or take the last step, which nobody can stop any more."""
        with self._turn:
            self.check()
            self._committed = True

    def stop(self, reason: SnapperError) -> bool:
        """Stop pg_dump from another thread; the reader then raises `reason`.

        Gives whether that is certain: where the last step is under way, it may still succeed.
        """
        with self._turn:
            self._stopped = self._stopped or reason
            certain = not self._committed
        self.end()
        return certain

    def _give_up(self) -> NoReturn:
        reason = DumpFailed(
            f"pg_dump was stopped after {self._patience:.0f} s in which nothing came from it",
            hint="the server hangs, somebody holds a lock on a view or sequence, or a table "
            "is full of dead rows (VACUUM it); pg_stat_activity tells",
        )
        self.stop(reason)
        raise self._stopped or reason

"""One psql that is fed a dump, and that commits nothing before it is asked to."""

import contextlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence

from snapper.engines.postgresql.client_tools import ClientTools
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.server import inspect
from snapper.engines.postgresql.session import conninfo
from snapper.engines.process import ToolProcess
from snapper.errors import RestoreFailed
from snapper.values.redaction import Redactor

# psql's complaint begins here; before it come the warnings of statements that went well.
_COMPLAINT = re.compile(r"(?:psql:<stdin>:(?P<line>\d+): )?(?P<words>(?:ERROR|FATAL|error): .*)")

_NEW_DATABASE = "restore into a new database (--create) and put it in place by its name"
_FIXES = {
    "already exists": f"existing objects are in the way; a restore drops nothing: {_NEW_DATABASE}",
    "max_locks_per_transaction": "that many tables do not fit into one transaction of this server:"
    " restore into a new database (--create), which needs none, or raise the setting and restart",
    "unrecognized configuration parameter": "the target is older than the backup's server:"
    " restore into a server of the same major, or a newer one",
    "is not available": "install the extension on the target's server",
    "could not open extension control file": "install the extension on the target's server",
    "could not load library": "install on the target's server what the extension needs",
    "could not access file": "install on the target's server what the extension needs",
    "ICU is not supported": "restore into a server that was built with ICU, as the source's was",
    "permission denied": "restore as a superuser, or as a role that may do this",
    "must be ": "restore as a superuser, or as a role that may do this",
    "No space left": "make room on the target's server",
    "terminating connection": "the server ended the session; its log says why",
    "server closed the connection": "the server died or was stopped; its log says why",
    "connection to server was lost": "the server died or was stopped; its log says why",
}


def psql_command(
    tools: ClientTools, major: int, connection: Connection, settings: str = ""
) -> list[str]:
    """Give the argv of a restore that stops at the first error; it holds no secret.

    `settings` are options for the session, such as `-c synchronous_commit=off`. Whatever the dump
    holds, psql is restricted to its SQL: a command of psql's own, such as one for the shell, is
    refused, for nobody who wrote to the bucket knows the word that would allow it.
    """
    return [
        str(tools.tool("psql", major)),
        "--no-psqlrc",
        "--no-password",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        f"--command=\\restrict {secrets.token_hex(16)}",
        "--file=-",
        f"--dbname={conninfo(connection, settings)}",
    ]


def feed(
    sql: Iterable[bytes],
    connection: Connection,
    tools: ClientTools,
    redact: Redactor,
    settings: str = "",
) -> None:
    """Feed SQL to a psql that suits the server; raises RestoreFailed with psql's own words."""
    major = tools.major_for(inspect(connection, redact).major)
    command = psql_command(tools, major, connection, settings)
    with FedPsql(command, {**tools.environment(), **connection.environment()}, redact) as psql:
        for piece in sql:
            psql.write(piece)
        psql.finish()


class FedPsql(ToolProcess):
    """Takes SQL. psql takes the end of its input for an end of the file, whatever ended it.

    So it must not run with --single-transaction: that commits at the end of the file, and
    if we are killed the file ends in the midst of a dump.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], redact: Redactor
    ) -> None:
        """Start psql; raises SettingsError if it cannot run."""
        super().__init__(command, environment, redact, feed=True)

    def write(self, sql: bytes) -> None:
        """Feed a piece of the dump; raises RestoreFailed with psql's own words."""
        try:
            self.pipe.write(sql)
        except BrokenPipeError:
            raise self._failure(self.wait()) from None

    def finish(self) -> None:
        """Say that this was all; raises RestoreFailed if psql did not do all of it."""
        # A broken pipe says only that psql has ended already; its status says why.
        with contextlib.suppress(BrokenPipeError):
            self.pipe.close()
        if status := self.wait():
            raise self._failure(status)

    def _failure(self, status: int) -> RestoreFailed:
        words = self.obituary(status)
        refused = False
        if complaint := _COMPLAINT.search(words):
            refused = bool(complaint["line"])
            where = f" at line {complaint['line']} of the dump" if refused else ""
            words = f"psql stopped{where}: {complaint['words']}"
        fix = next((fix for sign, fix in _FIXES.items() if sign in words), "")
        return RestoreFailed(words, hint=fix, against_backup=refused)

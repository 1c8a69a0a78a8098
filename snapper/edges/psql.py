"""One psql that is fed a dump inside one transaction."""

import contextlib
from collections.abc import Mapping

from snapper.edges.client_tools import ClientTools
from snapper.edges.postgres import APPLICATION, DEFAULTS
from snapper.edges.process import ToolProcess
from snapper.errors import RestoreFailed
from snapper.values.connection import Connection
from snapper.values.redaction import Redactor


def psql_command(tools: ClientTools, major: int, connection: Connection) -> list[str]:
    """Give the argv of a restore that stops at the first error; it holds no secret."""
    conninfo = connection.conninfo(DEFAULTS, application_name=APPLICATION)
    return [
        str(tools.tool("psql", major)),
        "--no-psqlrc",
        "--no-password",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        "--single-transaction",
        "--file=-",
        f"--dbname={conninfo}",
    ]


class FedPsql(ToolProcess):
    """Takes SQL; nothing is committed before `finish`, so a damaged dump leaves no trace."""

    def __init__(
        self, command: list[str], environment: Mapping[str, str], redact: Redactor
    ) -> None:
        """Start psql; raises SettingsError if it cannot run."""
        super().__init__(command, environment, redact, feed=True)

    def write(self, sql: bytes) -> None:
        """Feed a piece of the dump; raises RestoreFailed with psql's own words."""
        try:
            self.pipe.write(sql)
        except BrokenPipeError:
            raise RestoreFailed(self.obituary(self.wait())) from None

    def finish(self) -> None:
        """Say that the dump is whole: psql commits. Raises RestoreFailed if it does not."""
        # A broken pipe says only that psql has ended already; its status tells why.
        with contextlib.suppress(BrokenPipeError):
            self.pipe.close()
        if status := self.wait():
            raise RestoreFailed(self.obituary(status))

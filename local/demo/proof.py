"""The proof that a backup is one: restored into a throw-away server, and compared with its source.

The user's own databases are only ever read. Where their server's major or locale is not at hand,
the nearest one that is takes its place, and the notes say so.
"""

import threading
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from psycopg2 import extensions, sql

from local.demo.compare import Comparison, compare
from local.demo.definitions import SchemaDump
from local.demo.reload import compare_definitions
from snapper.aws.vault import Vault
from snapper.engines.postgresql.client_tools import ClientTools
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.encoding import NO_ENCODING
from snapper.engines.postgresql.lacking import lacking_told
from snapper.engines.postgresql.property_sql import differences
from snapper.engines.postgresql.recorded import Recorded
from snapper.engines.postgresql.redaction import redactor
from snapper.engines.postgresql.restore import restore_as_new
from snapper.engines.postgresql.server import connect, inspect
from snapper.engines.postgresql.throw_away import PostgresServer
from snapper.values.manifest import Manifest
from snapper.verbs.restore import read_back


@dataclass(frozen=True)
class Proof:
    """What the comparison found, and what had to be replaced to make it here."""

    comparison: Comparison
    target: str
    notes: tuple[str, ...]


class ProofServers:
    """Throw-away servers by major, each started when it is first needed; all end with `with`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._servers: dict[int, PostgresServer] = {}
        self._lock = threading.Lock()
        self._starting: dict[int, threading.Lock] = {}
        self._stack = ExitStack()
        # Two proofs at once would make the same role.
        self.alone = threading.Lock()

    def server(self, major: int) -> PostgresServer:
        """Give the running server of a major; may be called from several threads."""
        with self._lock:
            starting = self._starting.setdefault(major, threading.Lock())
        with starting:
            if major not in self._servers:
                # What lies there may be the user's own data.
                server = PostgresServer(major, self._directory / f"proof-{major}")
                self._stack.callback(server.stop)
                server.start()
                self._servers[major] = server
        return self._servers[major]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def prove(
    source: str, manifest: Manifest, vault: Vault, tools: ClientTools, servers: ProofServers
) -> Proof:
    """Restore the backup into a new database of a throw-away server and compare it row by row.

    `source` is the connection string of the database that was backed up. Raises SnapperError if
    the backup cannot be restored, psycopg2.Error if either side cannot be read.
    """
    theirs = inspect(Connection.parse(source), redactor(source))
    major = tools.major_for(theirs.major)
    notes = []
    if major != theirs.major:
        notes.append(f"restored on PostgreSQL {major}, as {theirs.major} is not bundled")
    server = servers.server(major)
    with servers.alone:
        _make_roles(server.dsn(), source)
    target = server.dsn(manifest.database)
    with lacking_told():
        dump = read_back(vault, manifest)
        told = restore_as_new(dump, Recorded.of(manifest), target, tools)
    ours = inspect(Connection.parse(target), redactor(target))
    encoding = NO_ENCODING if theirs.encoding == NO_ENCODING else "UTF8"
    compared = compare(source, target)
    defined = compare_definitions(source, target, SchemaDump(tools, major, encoding))
    unequal = (
        [
            f"{what} of the database itself differs"
            for what in differences(theirs.properties, ours.properties)
            if what != "its locale" and not any(what in note for note in told)
        ]
        if theirs.properties and ours.properties
        else []
    )
    found = (*compared.differences, *defined.differences, *unequal)
    return Proof(replace(compared, differences=found), target, (*notes, *told, *defined.notes))


def _connect(text: str) -> extensions.connection:
    return connect(Connection.parse(text), redactor(text))


def _make_roles(server: str, source: str) -> None:
    """Create the source's roles, by name only."""
    query = "SELECT rolname FROM pg_catalog.pg_roles"
    with (
        closing(_connect(source)) as left,
        left.cursor() as theirs,
        closing(_connect(server)) as right,
        right.cursor() as ours,
    ):
        theirs.execute(f"{query} WHERE rolname !~ '^pg_' ORDER BY 1")
        ours.execute(query)
        there = set(ours.fetchall())
        for role in theirs.fetchall():
            if role not in there:
                ours.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(*role)))

"""Proves a backup: restores it into a throw-away server, and compares it with its source.

The user's own databases are only ever read. Where their server's major or locale is not at hand,
the nearest one that is takes its place, and the notes say so.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import psycopg2
from psycopg2 import extensions, sql

from local.demo.compare import UNFILLED, Comparison, compare
from local.demo.definitions import SchemaDump
from local.demo.fault import Fault
from local.demo.reload import compare_definitions
from snapper.aws.vault import Vault
from snapper.engines.facts import PLAINLY
from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.property_sql import differences
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.inspecting.server import ServerFacts, inspect
from snapper.engines.postgresql.naming.encoding import NO_ENCODING
from snapper.engines.postgresql.restoring.restore import restore_as_new
from snapper.engines.postgresql.trying.confined import reader, restore_confined
from snapper.engines.postgresql.trying.installed import Programs, first_with_all, usable
from snapper.engines.postgresql.trying.lacking import lacking_told
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import SnapperError
from snapper.values.manifest import Manifest
from snapper.verbs.restore import Dump


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
        self._servers: dict[Programs, PostgresServer] = {}
        self._lock = threading.Lock()
        self._starting: dict[Programs, threading.Lock] = {}
        self._stack = ExitStack()
        # Two proofs at once would make the same role.
        self.alone = threading.Lock()

    def server(self, programs: Programs) -> PostgresServer:
        """Give the running server of these programs; may be called from several threads."""
        with self._lock:
            starting = self._starting.setdefault(programs, threading.Lock())
        with starting:
            if programs not in self._servers:
                kind = "installed" if programs.tree else "proof"
                folder = self._directory / f"{kind}-{programs.major}"
                # What is there may be the user's own data.
                server = PostgresServer.confining(programs.major, folder, programs.tree)
                self._stack.callback(server.stop)
                server.start()
                self._servers[programs] = server
        return self._servers[programs]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def prove(
    source: str, manifest: Manifest, vault: Vault, tools: ClientTools, servers: ProofServers
) -> Proof:
    """Restore the backup into a new database of a throw-away server and compare it row by row.

    `source` is the connection string of the database that was backed up. Where the bundled server
    lacks something that the backup needs, one that is installed on the machine takes its place.
    Raises SnapperError if the backup cannot be restored (Lacking where no server at hand has what
    it needs), psycopg2.Error if either side cannot be read.
    """
    theirs = inspect(Connection.parse(source), redactor(source))
    attempt = _Attempt(source, theirs, manifest, vault, tools, servers)
    major = tools.major_for(theirs.major)
    return first_with_all((Programs(major), *usable(major, tools.majors())), attempt)


@dataclass(frozen=True)
class _Attempt:
    """The proof of one backup, on whichever server."""

    source: str
    theirs: ServerFacts
    manifest: Manifest
    vault: Vault
    tools: ClientTools
    servers: ProofServers

    def __call__(self, programs: Programs) -> Proof:
        target, warned = self._restore(programs)
        try:
            comparison, notes = self._compare(target, warned)
        except (SnapperError, psycopg2.Error) as error:
            fault = Fault.of(error, redactor(self.source))
            comparison, notes = Comparison(0, 0, 0, (), (fault,)), ()
        return Proof(comparison, target, (*self._replaced(programs), *warned, *notes))

    def _compare(self, target: str, warned: tuple[str, ...]) -> tuple[Comparison, tuple[str, ...]]:
        """Compare all there is, without repeating what the restore said of it."""
        ours = inspect(Connection.parse(target), redactor(target))
        # Where rows are read, what an index is made of is evaluated: by no superuser.
        with reader(Connection.parse(target), redactor(target)) as reading:
            compared = compare(self.source, reading.text)
        defined = compare_definitions(self.source, target, self._schema_dump(ours))
        unequal = [
            f"{what} of the database itself differs"
            for what in _set_differently(self.theirs, ours)
            if not any(what in note for note in warned)
        ]
        found = (*compared.differences, *defined.differences, *unequal)
        remarks = _unsaid(compared.remarks, warned)
        return replace(compared, differences=found), (*remarks, *defined.notes)

    def _restore(self, programs: Programs) -> tuple[str, tuple[str, ...]]:
        """Give the copy's connection, and what could not be restored as it was."""
        server = self.servers.server(programs)
        with self.servers.alone:
            _make_roles(server.dsn(), self.source)
        target = server.dsn(self.manifest.database)
        dump = Dump(self.vault, self.manifest)
        with lacking_told():
            backup = Recorded.of(self.manifest)
            found = restore_as_new(dump, backup, target, PLAINLY, restore_confined)
            left_out = [f"left out: {each}" for each in found.left_out]
            return target, (*found.warnings, *left_out)

    def _schema_dump(self, ours: ServerFacts) -> SchemaDump:
        # A pg_dump reads servers of its own major and older ones.
        major = self.tools.major_for(max(self.theirs.major, ours.major))
        encoding = NO_ENCODING if self.theirs.encoding == NO_ENCODING else "UTF8"
        return SchemaDump(self.tools, major, encoding)

    def _replaced(self, programs: Programs) -> Iterator[str]:
        if programs.tree:
            yield f"restored on {programs}, which has what the bundled one lacks"
        elif programs.major != self.theirs.major:
            yield f"restored on {programs}, as {self.theirs.major} is not bundled"


def _unsaid(remarks: tuple[str, ...], warned: tuple[str, ...]) -> Iterator[str]:
    """Leave out the views of which the restore has said already why they are not filled."""
    for remark in remarks:
        view = f"{remark.removesuffix(UNFILLED)}:"
        if not any(view in each for each in warned):
            yield remark


def _set_differently(theirs: ServerFacts, ours: ServerFacts) -> Iterator[str]:
    """Name what is set on only one of the databases themselves; a server has its own locales."""
    if theirs.properties and ours.properties:
        found = differences(theirs.properties, ours.properties)
        yield from (what for what in found if what != "its locale")


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

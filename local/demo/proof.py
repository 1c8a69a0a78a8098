"""The proof that a backup is one: restored into a throw-away server, and compared with its source.

The user's own databases are only ever read. Where their server's major or locale is not at hand,
the nearest one that is takes its place, and the notes say so.
"""

import secrets
import threading
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import psycopg2
from psycopg2 import extensions, sql

from local.demo.compare import Comparison, compare
from local.demo.definitions import definitions
from local.postgres.server import PostgresServer
from snapper.edges.client_tools import ClientTools
from snapper.edges.postgres import APPLICATION, DEFAULTS, inspect
from snapper.edges.storage import Vault
from snapper.values.connection import Connection
from snapper.values.manifest import Manifest
from snapper.values.redaction import Redactor
from snapper.verbs.restore import restore


@dataclass(frozen=True)
class Proof:
    """What the comparison found, and what had to be replaced to make it here."""

    comparison: Comparison
    target: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Facts:
    """What a new server must know of the source before its dump can be restored."""

    roles: tuple[str, ...]
    encoding: str
    collation: str
    character_type: str


class ProofServers:
    """Throw-away servers by major, each started when it is first needed; all end with `with`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        # What lies there may be the user's own data.
        self._password = secrets.token_urlsafe(24)
        self._servers: dict[int, PostgresServer] = {}
        self._lock = threading.Lock()
        self._starting: dict[int, threading.Lock] = {}
        self._stack = ExitStack()
        # Two CREATE DATABASE at once would find their template in use.
        self.alone = threading.Lock()

    def server(self, major: int) -> PostgresServer:
        """Give the running server of a major; may be called from several threads."""
        with self._lock:
            starting = self._starting.setdefault(major, threading.Lock())
        with starting:
            if major not in self._servers:
                server = PostgresServer(major, self._directory / f"proof-{major}", self._password)
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
    source_major = inspect(Connection.parse(source), Redactor(source)).major
    major = tools.major_for(source_major)
    notes = []
    if major != source_major:
        notes.append(f"restored on PostgreSQL {major}, as {source_major} is not bundled")
    server = servers.server(major)
    facts = _facts(source)
    with servers.alone:
        notes += _prepare(server.dsn(), manifest.database, facts)
    target = server.dsn(manifest.database)
    notes += restore(vault, manifest, target, tools)
    define = partial(definitions, tools=tools, major=major)
    return Proof(compare(source, target, define), target, tuple(notes))


def _connect(text: str) -> extensions.connection:
    parsed = Connection.parse(text)
    conninfo = parsed.conninfo(DEFAULTS, application_name=APPLICATION)
    connection = psycopg2.connect(conninfo, password=parsed.password)
    connection.autocommit = True
    return connection


def _facts(source: str) -> _Facts:
    with closing(_connect(source)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY 1")
        roles = tuple(name for (name,) in cursor.fetchall())
        cursor.execute(
            "SELECT pg_catalog.pg_encoding_to_char(encoding), datcollate, datctype"
            " FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()"
        )
        return _Facts(roles, *cursor.fetchone())


def _prepare(server: str, name: str, facts: _Facts) -> list[str]:
    """Create the source's roles, by name only, and an empty database of its encoding and locale."""
    with closing(_connect(server)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_catalog.pg_roles")
        there = {role for (role,) in cursor.fetchall()}
        for role in facts.roles:
            if role not in there:
                cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
        create = sql.SQL(
            "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}"
        )
        locale = (facts.collation, facts.character_type)
        try:
            cursor.execute(create.format(sql.Identifier(name), *_texts(facts.encoding, *locale)))
        except psycopg2.Error:
            # A text sorts differently then; what it holds is the same.
            cursor.execute(create.format(sql.Identifier(name), *_texts(facts.encoding, "C", "C")))
            return [f"restored with locale C, as {facts.collation} is not on this machine"]
    return []


def _texts(*values: str) -> tuple[sql.Literal, ...]:
    return tuple(sql.Literal(value) for value in values)

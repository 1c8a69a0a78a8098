"""A backup restored on its own, without its source: into a throw-away PostgreSQL of its major."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
from psycopg2 import extensions, sql

from local.postgres import libpq
from local.postgres.server import PostgresServer
from local.run_directory import run_directory
from snapper.edges.client_tools import ClientTools
from snapper.edges.storage import Vault
from snapper.values.manifest import Manifest
from snapper.values.verification import Restored
from snapper.verbs.rehearse import make_roles, rehearse
from snapper.verbs.restore import restore_as_new

_DATABASE = "trial"

_TABLES = """
    SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND c.relispopulated
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY 1, 2
"""


def try_restore(
    vault: Vault,
    manifest: Manifest,
    tools: ClientTools,
    progress: Callable[[int], None] = lambda _: None,
) -> Restored:
    """Restore a backup into an empty server of its own major, count what is there, remove it all.

    Raises what `restore` raises, and SnapperError if the server cannot be started.
    """
    major = tools.major_for(manifest.server_major)
    with (
        libpq.told_nothing(),
        run_directory() as directory,
        PostgresServer(major, Path(directory, "trial")) as server,
    ):
        began = time.monotonic()
        target = server.dsn(_DATABASE)
        make_roles(target, rehearse(target, manifest, tools, may_create=True))
        # Such as a time-out or a limit of connections: they would be in the way of the count.
        unset = replace(manifest, properties=None)
        restore_as_new(vault, unset, target, tools, progress)
        seconds = round(time.monotonic() - began, 3)
        with closing(psycopg2.connect(target)) as connection:
            tables, rows = _count(connection)
    return Restored(tables, rows, seconds)


def _count(connection: extensions.connection) -> tuple[int, int]:
    with connection.cursor() as cursor:
        # Policies bind owners at most where they are forced; the count is to see every row.
        cursor.execute("SET row_security = off")
        cursor.execute(_TABLES)
        tables = cursor.fetchall()
        rows = 0
        for name in tables:
            cursor.execute(sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(*name)))
            rows += cursor.fetchone()[0]
    return len(tables), rows

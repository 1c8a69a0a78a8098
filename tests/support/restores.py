"""Builders for tests of restores: awkward data, dumps that can be compared, and damage."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from local.demo import sample
from snapper.aws.vault import Vault
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.dumping.pg_dump import pg_dump_command
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.values.manifest import Manifest
from tests.support.databases import Source, query

_TOKEN = re.compile(rb"^(\\(?:un)?restrict) \w+$", re.MULTILINE)

# What makes a database with nothing in it.
EMPTY = "SELECT 1"

# Enough to be under way for a moment, and hardly to be compressed.
NOISE = """
CREATE TABLE noise AS
SELECT n, decode(string_agg(md5((n * 1000 + m)::text), ''), 'hex') AS noise
FROM generate_series(1, 200) AS n, generate_series(1, 2000) AS m GROUP BY n
"""

# The same, but where it is restored that stops at a late row until it is ended. A dump does not
# ask the function, and here it says yes until all rows are there.
HELD = """
CREATE FUNCTION goes_on(n int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE TABLE noise (n int CHECK (goes_on(n)), noise bytea);
INSERT INTO noise
SELECT n, decode(string_agg(md5((n * 1000 + m)::text), ''), 'hex')
FROM generate_series(1, 400) AS n, generate_series(1, 2000) AS m GROUP BY n ORDER BY n;
CREATE OR REPLACE FUNCTION goes_on(n int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    IF n = 300 THEN PERFORM pg_catalog.pg_sleep(3600); END IF;
    RETURN true;
END $$;
"""


def awkward(source: Callable[..., Source], server: PostgresServer) -> Source:
    """Make a database of awkward data on a server; its roles are made once for the server."""
    sample.create_roles(server.dsn())
    made = source(server.major, EMPTY)
    for theme in ("shop", "awkward"):
        made.run((sample.SQL / f"{theme}.sql").read_text(encoding="utf-8"))
    return made


def plain_dump(
    tools: ClientTools, major: int, dsn: str, *arguments: str, encoding: str = "UTF8"
) -> bytes:
    """Dump with the major's own pg_dump; the token that is new each time is made equal."""
    connection = Connection.parse(dsn)
    done = subprocess.run(
        pg_dump_command(tools, major, connection, encoding, arguments=arguments),
        env={**tools.environment(), **connection.environment()},
        capture_output=True,
        check=True,
    )
    return without_token(done.stdout)


def without_token(dump: bytes) -> bytes:
    """Give a dump with an equal token, as all dumps of a test have."""
    return _TOKEN.sub(rb"\1 token", dump)


def run_psql(tools: ClientTools, major: int, dsn: str, text: bytes) -> None:
    """Fill a database with a dump by psql alone, which stops at the first error."""
    connection = Connection.parse(dsn)
    program = str(tools.tool("psql", major))
    done = subprocess.run(
        [program, "-X", "-q", "-v", "ON_ERROR_STOP=1", f"--dbname={connection.conninfo({})}"],
        env={**tools.environment(), **connection.environment()},
        input=text,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def exists(server: PostgresServer, database: str) -> bool:
    return (database,) in query(server.dsn(), "SELECT datname FROM pg_database")


def unfinished(server: PostgresServer) -> list[object]:
    """Give the databases of restores that did not clear up behind themselves."""
    names = "SELECT datname FROM pg_database WHERE datname LIKE 'snapper-unfinished-%'"
    return [name for (name,) in query(server.dsn(), names)]


def end_sessions(database: Source) -> None:
    """End what is still done in a database."""
    query(
        database.server.dsn(),
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.name}'",
    )


def damage(vault: Vault, manifest: Manifest, change: Callable[[bytes], bytes]) -> None:
    """Replace the object of a backup by what `change` makes of it."""
    vault.put(manifest.dump_key, change(vault.read(manifest.dump_key)))


def flip(stored: bytes) -> bytes:
    """Turn one bit in the middle."""
    middle = len(stored) // 2
    return stored[:middle] + bytes([stored[middle] ^ 1]) + stored[middle + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "one flipped bit": flip,
    "a flipped bit in gzip's own checksum": lambda stored: stored[:-8] + flip(stored[-8:]),
    "cut short": lambda stored: stored[:-1],
    "cut in half": lambda stored: stored[: len(stored) // 2],
    "nothing left": lambda stored: b"",
    "one byte added": lambda stored: stored + b"\0",
    "a second gzip behind": lambda stored: stored + stored,
    "something else": lambda stored: b"x" * len(stored),
}


def files_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())

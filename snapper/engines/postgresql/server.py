"""What a server says of itself before it is dumped."""

import hashlib
from dataclasses import dataclass

import psycopg2

from snapper.engines.checked_dump import LONGEST_SILENCE
from snapper.engines.postgresql import omitted
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.named_roles import named_roles
from snapper.engines.postgresql.properties import Properties
from snapper.engines.postgresql.read_properties import read_properties
from snapper.engines.postgresql.session import POOLER_HINT, answering, connect, keeps_options
from snapper.errors import DatabaseUnsupported
from snapper.values.omission import Omission
from snapper.values.redaction import Redactor


@dataclass(frozen=True)
class ServerFacts:
    """One server and database, as pg_dump will find them; `size` in bytes.

    `identity` is a digest of what is this database's alone; `roles` are those that own
    something in it or have a right on it; `properties` is what is set on it as a whole,
    `omitted` what pg_dump will leave out of it.
    """

    version: str
    major: int
    database_name: str
    size: int
    encoding: str
    encrypted: bool
    identity: str
    roles: tuple[str, ...]
    properties: Properties | None
    omitted: tuple[Omission, ...]


def inspect(
    connection: Connection, redact: Redactor, patience: float = LONGEST_SILENCE
) -> ServerFacts:
    """Ask the server for its facts.

    Raises DatabaseUnreachable if it does not answer within `patience` seconds, DatabaseUnsupported
    if a pooler does.
    """
    link = connect(connection, redact, patience)
    try:
        with answering(link, connection, redact, patience):
            return _facts(link, connection)
    finally:
        link.close()


def _facts(link: psycopg2.extensions.connection, connection: Connection) -> ServerFacts:
    with link.cursor() as cursor:
        if not keeps_options(cursor):
            raise DatabaseUnsupported(
                f"{connection.place} is a connection pooler, not a PostgreSQL server",
                hint=POOLER_HINT,
            )
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
            " current_database(), pg_database_size(current_database()),"
            " current_setting('server_encoding')"
        )
        number, version, name, size, encoding = cursor.fetchone()
        roles = named_roles(cursor)
        identity = _identity(cursor, connection)
        properties = read_properties(cursor, name)
        left_out = tuple(omitted.ask(cursor))
        if properties is None:
            left_out += (omitted.properties_unknown(name),)
    return ServerFacts(
        version=version.split()[0],
        major=number // 10_000,
        database_name=name,
        size=size,
        encoding=encoding,
        encrypted=link.info.ssl_in_use,
        identity=identity,
        roles=roles,
        properties=properties,
        omitted=left_out,
    )


def _identity(cursor: psycopg2.extensions.cursor, connection: Connection) -> str:
    """Tell the database by its server's own number, or where that is not shown by its address."""
    cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
    (oid,) = cursor.fetchone()
    try:
        cursor.execute("SELECT system_identifier FROM pg_control_system()")
        (server,) = cursor.fetchone()
    except psycopg2.Error:
        server = connection.place
    return hashlib.sha256(f"{server}/{oid}".encode()).hexdigest()[:32]

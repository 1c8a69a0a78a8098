"""What a server says of itself before it is dumped."""

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from snapper.engines.checked_dump import LONGEST_SILENCE
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.encoding import NO_ENCODING, read_any_bytes
from snapper.engines.postgresql.properties import Properties
from snapper.engines.postgresql.read_properties import read_properties
from snapper.errors import DatabaseUnreachable, DatabaseUnsupported, HostUnreachable
from snapper.values.redaction import Redactor

DEFAULTS = {
    "connect_timeout": 15,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
"""Seconds and counts where the connection says nothing: a dead server is noticed in a minute."""

APPLICATION = "snapper"

LONGEST_CONNECT = 60
"""Seconds for a connection, also for who says 0, which libpq takes for ever."""

# Any name with a dot is a setting to PostgreSQL; poolers drop or refuse it.
_PROBE = "snapper.probe"

# Amazon Linux and Fedora, Debian and Ubuntu.
_SYSTEM_ROOTS = ("/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt")

_NETWORK_FACTS = ("timeout expired", "timed out", "translate host name", "refused", "unreachable")
_NETWORK_HINT = "check host and port, and that the server and what lies between let us through"
_CERTIFICATE_HINT = (
    "the server's certificate has expired, is for another host, "
    "or is not from the authority in sslrootcert"
)

# The first role owns what PostgreSQL itself made, and leaves no trace as an owner.
_ROLES = """
    SELECT rolname FROM pg_roles WHERE oid = 10 OR oid IN (
        SELECT refobjid FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass
        AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
    ORDER BY 1
"""

# As pg_dump does: neither the role's settings nor a schema's functions may get in the way. In two
# steps: a statement's own time-out may be short. Which others there are depends on the major.
_AS_PG_DUMP = (
    "SELECT pg_catalog.set_config('search_path', '', false),"
    " pg_catalog.set_config('statement_timeout', '0', false)",
    "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings"
    " WHERE name IN ('lock_timeout', 'transaction_timeout',"
    " 'idle_in_transaction_session_timeout', 'idle_session_timeout')",
)

_POOLER_HINT = (
    "pg_dump needs one session of its own: use the database's direct connection "
    "(with Neon the host without -pooler, with PgBouncer the server's own port)"
)


@dataclass(frozen=True)
class ServerFacts:
    """One server and database, as pg_dump will find them; `size` in bytes.

    `identity` is a digest of what is this database's alone; `roles` are those that own
    something in it or have a right on it; `properties` is what is set on it as a whole.
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


def inspect(
    connection: Connection, redact: Redactor, patience: float = LONGEST_SILENCE
) -> ServerFacts:
    """Ask the server for its facts.

    Raises DatabaseUnreachable if it does not answer within `patience` seconds, DatabaseUnsupported
    if a pooler does.
    """
    link = connect(connection, redact)
    late = threading.Event()
    try:
        with _hanging_up(link, patience, late):
            return _facts(link, connection)
    except psycopg2.Error as error:
        if late.is_set():
            raise DatabaseUnreachable(
                f"{connection.place} accepted the connection and then gave no answer "
                f"for {patience:.0f} s"
            ) from None
        raise DatabaseUnreachable(
            f"{connection.place} broke off: {redact(str(error)).strip()}"
        ) from None
    finally:
        link.close()


def conninfo(connection: Connection, **settings: str) -> str:
    """Give how we connect: `settings` and our defaults around what the user wrote."""
    asked = connection.parameters.get("connect_timeout", "1").strip()
    if not asked.isdecimal() or not 0 < int(asked) <= LONGEST_CONNECT:
        settings["connect_timeout"] = str(LONGEST_CONNECT)
    return connection.conninfo(DEFAULTS, application_name=APPLICATION, **settings)


@contextmanager
def _hanging_up(
    link: psycopg2.extensions.connection, seconds: float, late: threading.Event
) -> Iterator[None]:
    """Cut the line after so many seconds: a time-out that the server keeps would hang with it."""
    with socket.socket(fileno=os.dup(link.fileno())) as line:

        def cut() -> None:
            late.set()
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(seconds, cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def connect(connection: Connection, redact: Redactor) -> psycopg2.extensions.connection:
    """Open a session in which every statement commits by itself; raises as `inspect` does."""
    _trust_system_roots(connection)
    options = f"{connection.parameters.get('options', '')} -c {_PROBE}=on".strip()
    read_any_bytes()
    # Said, whatever role and database say: psycopg2 cannot read all of PostgreSQL's encodings.
    how = conninfo(connection, options=options, client_encoding="UTF8")
    try:
        link = psycopg2.connect(how, password=connection.password)
    except psycopg2.Error as error:
        raise _refused(connection, redact(str(error))) from None
    link.autocommit = True
    if link.info.parameter_status("server_encoding") == NO_ENCODING:
        # Its names are whatever bytes somebody wrote, and as UTF8 the server would not give them.
        link.set_client_encoding(NO_ENCODING)
    return link


def _trust_system_roots(connection: Connection) -> None:
    """Show psycopg2's own OpenSSL where the system keeps its certificates."""
    if connection.parameters.get("sslrootcert") != "system" or "SSL_CERT_FILE" in os.environ:
        return
    if bundle := next((path for path in _SYSTEM_ROOTS if Path(path).exists()), None):
        os.environ["SSL_CERT_FILE"] = bundle


def _facts(link: psycopg2.extensions.connection, connection: Connection) -> ServerFacts:
    with link.cursor() as cursor:
        for statement in _AS_PG_DUMP:
            cursor.execute(statement)
        if not _keeps_options(cursor):
            raise DatabaseUnsupported(
                f"{connection.place} is a connection pooler, not a PostgreSQL server",
                hint=_POOLER_HINT,
            )
        cursor.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
            " current_database(), pg_database_size(current_database()),"
            " current_setting('server_encoding')"
        )
        number, version, name, size, encoding = cursor.fetchone()
        cursor.execute(_ROLES)
        roles = tuple(role for (role,) in cursor.fetchall())
        identity = _identity(cursor, connection)
        properties = read_properties(cursor, name)
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
    )


def _keeps_options(cursor: psycopg2.extensions.cursor) -> bool:
    """Tell whether the session has the setting that we asked for: through a pooler it has not."""
    try:
        cursor.execute(f"SHOW {_PROBE}")
    except psycopg2.errors.UndefinedObject:
        return False
    return bool(cursor.fetchone()[0] == "on")


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


def _refused(connection: Connection, message: str) -> DatabaseUnreachable | DatabaseUnsupported:
    if "startup parameter" in message:
        return DatabaseUnsupported(
            f"{connection.place} is a connection pooler, not a PostgreSQL server",
            hint=_POOLER_HINT,
        )
    words = "; ".join(filter(None, (" ".join(line.split()) for line in message.splitlines())))
    fact = f"cannot connect to {connection.place}: {words}"
    if "certificate" in message:
        return DatabaseUnreachable(fact, hint=_CERTIFICATE_HINT)
    if any(word in message for word in _NETWORK_FACTS):
        return HostUnreachable(fact, hint=_NETWORK_HINT)
    return DatabaseUnreachable(fact)

"""How every session of ours begins: in time, as the login itself, and blind to what others planted.

Whoever may make a function, an operator or a cast in a database, and its owner by `ALTER DATABASE …
SET search_path`, could have it run as us: a plain `=` is looked up in that path. So the path is
empty from the first moment, when nothing can have run yet, and only the system's own are found.

Nor may what is set on the login or the database change who we are, end our statements, or forbid
them to write.
"""

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Link  # noqa: N812  a class, in small letters
from psycopg2.extensions import cursor as Cursor  # noqa: N812  the same

from snapper.engines.checked_dump import LONGEST_SILENCE
from snapper.engines.postgresql.authorities import trusting
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.encoding import NO_ENCODING, read_any_bytes
from snapper.engines.postgresql.hosts import hosts
from snapper.engines.postgresql.logins import coming_in
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
"""Seconds for a connection in all, however many hosts it names, also for who says 0."""

_SHORTEST_CONNECT = 2
"""Seconds for one host: libpq knows no less."""

# These outrank whatever is set on login and database. With standard_conforming_strings, a backslash
# in a text is one, for the server and in what pg_dump writes. A setting that an old server does not
# have would end the connection: the other time-outs are in `_FIRST`, and pg_dump's own affair.
_OPTIONS = " ".join(
    f"-c {setting}"
    for setting in (
        "search_path=",
        "standard_conforming_strings=on",
        "statement_timeout=0",
        "default_transaction_read_only=off",
    )
)

# Many a login is set to become the group that owns everything, which may neither log in nor make a
# database. It goes before what the user wrote: who asks for a role there, means it.
_OWN_ROLE = "-c role=none"

# Any name with a dot is a setting to PostgreSQL; poolers drop or refuse it.
PROBE = "snapper.probe"

# The same again, for a pooler that has dropped the options, and what depends on the major. In
# steps: a statement's own time-out may be short.
_FIRST = (
    "SELECT pg_catalog.set_config('search_path', '', false),"
    " pg_catalog.set_config('standard_conforming_strings', 'on', false),"
    " pg_catalog.set_config('statement_timeout', '0', false)",
    "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings"
    " WHERE name IN ('lock_timeout', 'transaction_timeout', 'default_transaction_read_only',"
    " 'idle_in_transaction_session_timeout', 'idle_session_timeout')",
)

# Amazon Linux and Fedora, Debian and Ubuntu.
_SYSTEM_ROOTS = ("/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt")

_NETWORK_FACTS = ("timeout expired", "timed out", "translate host name", "refused", "unreachable")
_NETWORK_HINT = "check host and port, and that the server and what lies between let us through"
_CERTIFICATE_HINT = (
    "the server's certificate has expired, is for another host, "
    "or is not from an authority in sslrootcert or caBundle"
)
_IAM_HINT = (
    "RDS takes a token where its IAM authentication is on, and of whom has the role: GRANT rds_iam"
)
POOLER_HINT = (
    "pg_dump needs one session of its own: use the database's direct connection "
    "(with Neon the host without -pooler, with PgBouncer the server's own port)"
)


def conninfo(connection: Connection, more_options: str = "", **settings: str) -> str:
    """Give how we connect: `settings` and our defaults around what the user wrote.

    libpq takes the time-out for each host anew, so all hosts together get one limit.
    """
    asked = connection.parameters.get("connect_timeout", str(DEFAULTS["connect_timeout"])).strip()
    share = max(_SHORTEST_CONNECT, LONGEST_CONNECT // max(1, len(hosts(connection))))
    if not asked.isdecimal() or not 0 < int(asked) <= share:
        settings["connect_timeout"] = str(share)
    given = connection.parameters.get("options", "")
    options = " ".join(filter(None, (_OWN_ROLE, given, more_options, _OPTIONS)))
    how = trusting(connection)
    return how.conninfo(DEFAULTS, application_name=APPLICATION, options=options, **settings)


def connect(connection: Connection, redact: Redactor, patience: float = LONGEST_SILENCE) -> Link:
    """Open a session in which every statement commits by itself, and no path is searched.

    It has the rights of the login, no time-out of the server's, and may write.

    Raises DatabaseUnreachable, also if it is not there in time, DatabaseUnsupported of a pooler.
    """
    return coming_in(connection, redact, lambda each: _connect(each, redact, patience))


def _connect(connection: Connection, redact: Redactor, patience: float) -> Link:
    """Open a session by the connection's own password."""
    _trust_system_roots(connection)
    read_any_bytes()
    # The encoding is said, whatever role and database say: psycopg2 cannot read all of them.
    how = conninfo(connection, f"-c {PROBE}=on", client_encoding="UTF8")
    try:
        link = _in_time(how, connection)
    except psycopg2.Error as error:
        raise _refused(connection, redact(str(error))) from None
    try:
        link.autocommit = True
        with answering(link, connection, redact, patience), link.cursor() as cursor:
            for statement in _FIRST:
                cursor.execute(statement)
            if not keeps_options(cursor):
                cursor.execute("SET ROLE NONE")
            if link.info.parameter_status("server_encoding") == NO_ENCODING:
                # Its names are whatever bytes somebody wrote, and as UTF8 it would not give them.
                link.set_client_encoding(NO_ENCODING)
    except BaseException:
        link.close()
        raise
    return link


def keeps_options(cursor: Cursor) -> bool:
    """Tell whether the session has what was asked for at connecting: some poolers drop it."""
    try:
        cursor.execute(f"SHOW {PROBE}")
    except psycopg2.errors.UndefinedObject:
        return False
    return bool(cursor.fetchone()[0] == "on")


@contextmanager
def answering(
    link: Link, connection: Connection, redact: Redactor, seconds: float
) -> Iterator[None]:
    """Raise DatabaseUnreachable where the server breaks off, or is not done in so many seconds.

    Then the line is cut: a time-out that the server keeps would hang with it.
    """
    late = threading.Event()
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
        except psycopg2.Error as error:
            if late.is_set():
                raise DatabaseUnreachable(
                    f"{connection.place} accepted the connection and then gave no answer "
                    f"for {seconds:.0f} s"
                ) from None
            raise DatabaseUnreachable(
                f"{connection.place} broke off: {redact(str(error)).strip()}"
            ) from None
        finally:
            timer.cancel()


def _in_time(how: str, connection: Connection) -> Link:
    """Connect within the limit: a name can have any number of addresses, each waited for."""
    promise: Future[Link] = Future()

    def keep() -> None:
        link, failure = None, None
        try:
            link = psycopg2.connect(how, password=connection.password)
        except BaseException as error:
            failure = error
        if not promise.set_running_or_notify_cancel():
            if link:
                link.close()
        elif link:
            promise.set_result(link)
        else:
            promise.set_exception(failure)

    # A daemon: nothing ends libpq's own waiting, and nobody is to wait for it.
    threading.Thread(target=keep, name="connect", daemon=True).start()
    try:
        return promise.result(LONGEST_CONNECT)
    except TimeoutError:
        raise HostUnreachable(
            f"cannot connect to {connection.place}: no answer in {LONGEST_CONNECT} s in all",
            hint=_NETWORK_HINT,
        ) from None
    finally:
        promise.cancel()


def _trust_system_roots(connection: Connection) -> None:
    """Show psycopg2's own OpenSSL where the system keeps its certificates."""
    if connection.parameters.get("sslrootcert") != "system" or "SSL_CERT_FILE" in os.environ:
        return
    if bundle := next((path for path in _SYSTEM_ROOTS if Path(path).exists()), None):
        os.environ["SSL_CERT_FILE"] = bundle


def _refused(connection: Connection, message: str) -> DatabaseUnreachable | DatabaseUnsupported:
    if "startup parameter" in message:
        return DatabaseUnsupported(
            f"{connection.place} is a connection pooler, not a PostgreSQL server",
            hint=POOLER_HINT,
        )
    words = "; ".join(filter(None, (" ".join(line.split()) for line in message.splitlines())))
    fact = f"cannot connect to {connection.place}: {words}"
    if "certificate" in message:
        return DatabaseUnreachable(fact, hint=_CERTIFICATE_HINT)
    if "PAM authentication failed" in message:
        return DatabaseUnreachable(fact, hint=_IAM_HINT)
    if any(word in message for word in _NETWORK_FACTS):
        return HostUnreachable(fact, hint=_NETWORK_HINT)
    return DatabaseUnreachable(fact)

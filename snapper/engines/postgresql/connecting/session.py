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
from psycopg2.extensions import cursor as Cursor  # noqa: N812  a class, in small letters

from snapper.engines.checked_dump import LONGEST_SILENCE
from snapper.engines.postgresql.connecting.authorities import trusting
from snapper.engines.postgresql.connecting.interruptible import Session, SessionCursor
from snapper.engines.postgresql.connecting.logins import coming_in
from snapper.engines.postgresql.connecting.refusals import refusal, refuses_options
from snapper.engines.postgresql.connecting.server_words import words_of
from snapper.engines.postgresql.connecting.waking import FIRST_LIMIT, until_it_answers
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.hosts import hosts
from snapper.engines.postgresql.naming.encoding import NO_ENCODING, read_any_bytes
from snapper.errors import DatabaseUnreachable
from snapper.values.redaction import Redactor

DEFAULTS = {
    "connect_timeout": int(FIRST_LIMIT),
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
# steps: a statement's own time-out may be short. Without array_nulls a NULL in an array is a text.
_FIRST = (
    "SELECT pg_catalog.set_config('search_path', '', false),"
    " pg_catalog.set_config('standard_conforming_strings', 'on', false),"
    " pg_catalog.set_config('array_nulls', 'on', false),"
    " pg_catalog.set_config('statement_timeout', '0', false)",
    "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings"
    " WHERE name IN ('lock_timeout', 'transaction_timeout', 'default_transaction_read_only',"
    " 'idle_in_transaction_session_timeout', 'idle_session_timeout')",
)

# Amazon Linux and Fedora, Debian and Ubuntu.
_SYSTEM_ROOTS = ("/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt")


def conninfo(
    connection: Connection,
    more_options: str = "",
    *,
    limit: float = 0.0,
    bare: bool = False,
    **settings: str,
) -> str:
    """Give how we connect: `settings` and our defaults around what the user wrote.

    libpq takes the time-out for each host anew, so all hosts together get one limit: `limit`
    seconds, or as many as the user asked for. Where it is `bare`, we ask for no options.
    """
    asked = connection.parameters.get("connect_timeout", str(DEFAULTS["connect_timeout"])).strip()
    share = max(_SHORTEST_CONNECT, int(limit or LONGEST_CONNECT) // max(1, len(hosts(connection))))
    if limit or not asked.isdecimal() or not 0 < int(asked) <= share:
        settings["connect_timeout"] = str(share)
    given = connection.parameters.get("options", "")
    if not bare:
        ours = (_OWN_ROLE, given, more_options, _OPTIONS)
        settings["options"] = " ".join(filter(None, ours))
    how = trusting(connection)
    return how.conninfo(DEFAULTS, **{"application_name": APPLICATION, **settings})


def connect(
    connection: Connection,
    redact: Redactor,
    patience: float = LONGEST_SILENCE,
    *,
    again: bool = True,
) -> Session:
    """Open a session in which every statement commits by itself, and no path is searched.

    It has the rights of the login, no time-out of the server's, and may write. A server that is not
    ready is asked `again` for a while. Each statement may take as many seconds as the connecting:
    `patience`; who has one that takes longer gives the session another.

    Raises DatabaseUnreachable, also if it is not there in time, DatabaseUnsupported of a pooler.
    """

    def open_(each: Connection) -> Session:
        waits = patience if again else 0.0
        return until_it_answers(lambda limit: _connect(each, redact, patience, limit), waits)

    return coming_in(connection, redact, open_)


def _connect(connection: Connection, redact: Redactor, patience: float, limit: float) -> Session:
    """Open a session by the connection's own password; `limit` is as for `conninfo`."""
    _trust_system_roots(connection)
    read_any_bytes()
    link = _open(connection, redact, limit)
    try:
        link.autocommit, link.patience = True, patience
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


def _open(connection: Connection, redact: Redactor, limit: float, *, bare: bool = False) -> Session:
    # The encoding is said, whatever role and database say: psycopg2 cannot read all of them.
    how = conninfo(connection, f"-c {PROBE}=on", limit=limit, bare=bare, client_encoding="UTF8")
    try:
        return _in_time(how, connection, limit or LONGEST_CONNECT)
    except psycopg2.Error as error:
        message = redact(str(error))
    if refuses_options(connection, message) and not bare:
        return _open(connection, redact, limit, bare=True)
    raise refusal(connection, message)


def keeps_options(cursor: Cursor) -> bool:
    """Tell whether the session has what was asked for at connecting: some poolers drop it."""
    try:
        cursor.execute(f"SHOW {PROBE}")
    except psycopg2.errors.UndefinedObject:
        return False
    return bool(cursor.fetchone()[0] == "on")


@contextmanager
def answering(
    link: Session, connection: Connection, redact: Redactor, seconds: float
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
                f"{connection.place} broke off: {redact(words_of(error))}"
            ) from None
        finally:
            timer.cancel()


def _in_time(how: str, connection: Connection, limit: float) -> Session:
    """Connect within the limit: a name can have any number of addresses, each waited for."""
    promise: Future[Session] = Future()

    def keep() -> None:
        link, failure = None, None
        try:
            link = psycopg2.connect(
                how,
                password=connection.password,
                connection_factory=Session,
                cursor_factory=SessionCursor,
            )
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
        return promise.result(limit)
    except TimeoutError:
        raise refusal(connection, f"no answer in {limit:.0f} s in all") from None
    finally:
        promise.cancel()


def _trust_system_roots(connection: Connection) -> None:
    """Show psycopg2's own OpenSSL where the system keeps its certificates."""
    if connection.parameters.get("sslrootcert") != "system" or "SSL_CERT_FILE" in os.environ:
        return
    if bundle := next((path for path in _SYSTEM_ROOTS if Path(path).exists()), None):
        os.environ["SSL_CERT_FILE"] = bundle

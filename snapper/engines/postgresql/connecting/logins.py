"""Coming in by what is asked for at each connecting: tokens, and passwords that rotate."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.hosts import Host, hosts
from snapper.errors import DatabaseUnreachable, HostUnreachable
from snapper.values.credentials import Credentials, Door, Login
from snapper.values.redaction import Redactor, spellings

_Opened = TypeVar("_Opened")


class Closing(Protocol):
    """What can be closed."""

    def close(self) -> None:
        """End it."""
        ...


def coming_in(
    connection: Connection, redact: Redactor, open_: Callable[[Connection], _Opened]
) -> _Opened:
    """Give what `open_` gives for the connection, with whichever login the server takes.

    A password that is refused may have been changed a moment ago: then the next one is tried.
    Every password joins what `redact` masks. Raises what `open_` raised at last.
    """
    if connection.credentials is None:
        return open_(connection)
    refused: DatabaseUnreachable | None = None
    for login in _different(connection, connection.credentials):
        redact.learn(spellings(login.password))
        try:
            return open_(connection.of(login))
        except HostUnreachable:
            raise
        except DatabaseUnreachable as error:
            refused = error
    raise refused or DatabaseUnreachable(f"nothing gives a password for {connection.place}")


def accepted(
    connection: Connection, redact: Redactor, open_: Callable[[Connection], Closing]
) -> Connection:
    """Give the connection with the login that the server has just taken, for another program.

    `open_` makes a session, which is closed again; where nothing is to be asked for there is none.
    """
    if connection.credentials is None:
        return connection

    def try_(each: Connection) -> Connection:
        open_(each).close()
        return each

    return coming_in(connection, redact, try_)


def door_of(connection: Connection) -> Door:
    """Give where it comes in, and as whom."""
    first, *_ = *hosts(connection), Host("")
    return Door(first.name, first.port, connection.parameters.get("user", ""))


def _different(connection: Connection, credentials: Credentials) -> Iterator[Login]:
    """Ask for logins, and leave out what was tried already."""
    tried: set[Login] = set()
    for login in credentials(door_of(connection)):
        if login not in tried:
            tried.add(login)
            yield login

"""Look a database over from where it is dumped, for whatever would keep a backup from being made.

Runs inside the dumper function, so that the network, the rights and the clients are its own.
"""

import re
import socket
from collections.abc import Iterator

from snapper.engines.postgresql.client_tools import ClientTools
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.names import quoted
from snapper.engines.postgresql.privileges import Privileges, privileges
from snapper.engines.postgresql.release import release
from snapper.engines.postgresql.server import ServerFacts, inspect
from snapper.errors import SettingsError, SnapperError
from snapper.values.finding import Finding, Level, failure, ok, warning
from snapper.values.redaction import Redactor
from snapper.values.secrets import Database
from snapper.verbs.network import from_the_function

_SHOWN = 5


def examine_clients(tools: ClientTools) -> Iterator[Finding]:
    """Have every bundled pg_dump say its version."""
    try:
        majors = tools.majors()
    except SettingsError as error:
        yield failure("clients", str(error), error.hint)
        return
    for major in majors:
        try:
            yield ok(f"pg_dump {major}", f"runs: {tools.version('pg_dump', major)}")
        except SettingsError as error:
            yield failure(f"pg_dump {major}", str(error), "run pulumi up to restore the layer")


def examine(database: Database, tools: ClientTools) -> Iterator[Finding]:
    """Look one database over, and stop where nothing more can be learned."""
    redact = Redactor(database.connection)
    connection = Connection.parse(database.connection)
    names = list(_resolve(connection))
    yield from names
    if names and all(each.level is Level.FAILURE for each in names):
        return
    try:
        with from_the_function():
            facts = inspect(connection, redact)
    except SnapperError as error:
        yield failure("connection", str(error), error.hint)
        return
    yield ok("connection", f"{connection.place} answers; no pooler is between")
    yield _encryption(facts)
    yield _client(facts, tools)
    yield ok("size", f"{facts.size / 1e6:,.1f} MB in {facts.database_name}, {facts.encoding}")
    try:
        yield from _rights(privileges(connection, redact), _role(connection))
    except SnapperError as error:
        yield failure("rights", str(error), error.hint)


def _resolve(connection: Connection) -> Iterator[Finding]:
    for host in filter(None, connection.parameters.get("host", "").split(",")):
        if host.startswith(("/", "@")):
            continue  # a socket of the same machine
        try:
            addresses = {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
        except (OSError, UnicodeError) as error:  # the latter of a name that cannot be one
            yield failure(
                "name",
                f"{host} cannot be resolved: {getattr(error, 'strerror', None) or error}",
                "correct the host, or put the dumper into the network that knows it",
            )
        else:
            if addresses != {host}:
                yield ok("name", f"{host} is {', '.join(sorted(addresses))}")


def _encryption(facts: ServerFacts) -> Finding:
    if facts.encrypted:
        return ok("encryption", "the connection is encrypted")
    return warning(
        "encryption",
        "the connection is not encrypted",
        "add sslmode=require to the connection, or verify-full with sslrootcert=system",
    )


def _client(facts: ServerFacts, tools: ClientTools) -> Finding:
    try:
        version = tools.version("pg_dump", tools.major_for(facts.major))
    except SnapperError as error:
        return failure("client", str(error), error.hint)
    if release(version) < release(facts.version):
        return warning(
            "client",
            f"PostgreSQL {facts.version} is dumped by the older pg_dump {version}",
            "update Snapper and run pulumi up, for the client of the server's own release",
        )
    return ok("client", f"PostgreSQL {facts.version} is dumped by pg_dump {version}")


def _rights(found: Privileges, role: str) -> Iterator[Finding]:
    if found.unreadable:
        yield failure(
            "rights", f"may not read {_some(found.unreadable)}", f"GRANT pg_read_all_data TO {role}"
        )
    else:
        yield ok("rights", "every table and sequence can be read")
    if found.hidden_rows:
        yield failure(
            "row security",
            f"policies would hide rows of {_some(found.hidden_rows)}, so pg_dump refuses",
            f"ALTER ROLE {role} BYPASSRLS",
        )
    if found.unreadable_large_objects:
        yield failure(
            "large objects",
            f"may not read {found.unreadable_large_objects} of {found.large_objects}",
            f"make {role} a member of their owner, or GRANT SELECT ON LARGE OBJECT … TO {role}",
        )
    elif found.large_objects:
        yield ok("large objects", f"every one of {found.large_objects} can be read")
    if found.hidden_subscriptions:
        yield warning(
            "subscriptions",
            f"{found.hidden_subscriptions} will not be in the backup: pg_dump shows them to "
            "superusers only",
            "keep their CREATE SUBSCRIPTION elsewhere, or back up as a superuser",
        )


def _role(connection: Connection) -> str:
    user = connection.parameters.get("user", "")
    return user if re.fullmatch("[a-z_][a-z0-9_]*", user) else quoted(user)


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown

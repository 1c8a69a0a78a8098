"""What it means when no session is given: the kind of error, what to do, whether it may pass."""

import ipaddress
import re

from snapper.engines.postgresql.connecting.known_refusals import KNOWN
from snapper.engines.postgresql.connecting.unnamed import without_names
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.errors import (
    DatabaseUnreachable,
    DatabaseUnsupported,
    HostUnreachable,
)

POOLER_HINT = (
    "pg_dump needs one session of its own: use the database's direct connection "
    "(with Neon the host without -pooler, with PgBouncer the server's own port, or a pool in "
    "session mode, with Supabase port 5432 of the pooler)"
)
_RDS_PROXY_HINT = (
    "an RDS Proxy shares its sessions, and pg_dump needs one of its own: "
    "write the endpoint of the instance or cluster itself"
)
NETWORK_HINT = "check host and port, and that the server and what lies between let us through"
_IPV6_HINT = (
    "the host has IPv6 addresses only, and there is no IPv6 here, as in a Lambda function: use a "
    "host with IPv4 (with Supabase port 5432 of the session pooler, or its IPv4 add-on)"
)

_OF_A_FUNCTION = re.compile(r"^CONTEXT: ", re.MULTILINE)
_AT_LOGIN_HINT = (
    "it is an event trigger on login; a superuser comes in with options=-cevent_triggers=off, and "
    "the server's log has what it said"
)
_TIMED_OUT = ("timeout expired", "timed out", "no answer in")
_SLEEPING_HINT = (
    "a firewall or security group does not let us in, or the server is paused or stopped, or takes "
    "longer to wake up than it was waited for, or host or port are wrong"
)
_UNREACHED = (
    "translate host name",
    "refused",
    "unreachable",
    "no route to host",
    "assign requested",
)
_ADDRESS = re.compile(
    r'server at "[^"]*" \(([0-9a-fA-F.:]+)(?:%\w+)?\)|server at "([0-9a-fA-F:.]+)"'
)
_NO_IPV6 = ("network is unreachable", "cannot assign requested address", "address family not")


def refuses_options(connection: Connection, message: str) -> bool:
    """Tell whether it was `options` that something between us and the server did not take."""
    return "startup parameter" in without_names(message, connection)


def refusal(connection: Connection, message: str) -> DatabaseUnreachable | DatabaseUnsupported:
    """Give the error for libpq's message, which holds no secret any more."""
    unnamed = without_names(message, connection)
    told = " ".join(unnamed.lower().split())
    if "rds proxy" in told or "command-line options" in told:
        return DatabaseUnsupported(f"{connection.place} is an RDS Proxy", hint=_RDS_PROXY_HINT)
    if refuses_options(connection, message):
        return pooler(connection)
    if _OF_A_FUNCTION.search(unnamed):
        fact = f"cannot connect to {connection.place}: a function of the database refuses it"
        return DatabaseUnreachable(fact, hint=_AT_LOGIN_HINT)
    words = "; ".join(filter(None, (" ".join(line.split()) for line in message.splitlines())))
    fact = f"cannot connect to {connection.place}: {words}"
    for known in KNOWN:
        if any(sign in told for sign in known.any_of):
            refused = known.kind(fact, hint=known.hint)
            refused.of_login = known.of_login
            return refused
    if any(sign in told for sign in _NO_IPV6) and _is_ipv6_only(words):
        return DatabaseUnreachable(fact, hint=_IPV6_HINT)
    if any(sign in told for sign in _TIMED_OUT):
        late = HostUnreachable(fact, hint=_SLEEPING_HINT)
        late.passing = True
        return late
    if any(sign in told for sign in _UNREACHED):
        return HostUnreachable(fact, hint=NETWORK_HINT)
    return DatabaseUnreachable(fact)


def pooler(connection: Connection) -> DatabaseUnsupported:
    """Give the error for what gives no session of its own."""
    return DatabaseUnsupported(
        f"{connection.place} is a connection pooler, not a PostgreSQL server", hint=POOLER_HINT
    )


def _is_ipv6_only(words: str) -> bool:
    """Tell whether every address that was tried is one of IPv6."""
    found = [first or second for first, second in _ADDRESS.findall(words)]
    return bool(found) and all(_is_ipv6(each) for each in found)


def _is_ipv6(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).version == 6
    except ValueError:
        return False

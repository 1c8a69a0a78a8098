"""What it means when no session is given: the kind of error, what to do, whether it may pass."""

import ipaddress
import re
from dataclasses import dataclass

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.errors import (
    DatabaseUnreachable,
    DatabaseUnsupported,
    HostUnreachable,
    ServerNotReady,
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
_CERTIFICATE_HINT = (
    "the server's certificate has expired, is for another host, "
    "or is not from an authority in sslrootcert or caBundle"
)
_IAM_HINT = (
    "RDS takes a token where its IAM authentication is on, and of whom has the role: GRANT rds_iam"
)
_NOT_ADMITTED_HINT = (
    "the server's pg_hba.conf does not admit this user, this database or this address"
)
_IPV6_HINT = (
    "the host has IPv6 addresses only, and there is no IPv6 here, as in a Lambda function: use a "
    "host with IPv4 (with Supabase port 5432 of the session pooler, or its IPv4 add-on)"
)


_OF_A_FUNCTION = re.compile(r"^CONTEXT: ", re.MULTILINE)
_AT_LOGIN_HINT = (
    "it is an event trigger on login; a superuser comes in with options=-cevent_triggers=off, and "
    "the server's log has what it said"
)


@dataclass(frozen=True)
class _Refusal:
    """A kind of refusal by the words in which it is told: `any_of` them in small letters."""

    any_of: tuple[str, ...]
    kind: type[DatabaseUnreachable]
    hint: str


# PostgreSQL's own words first, then those of poolers and of what providers put before it.
_KNOWN = (
    _Refusal(("certificate",), DatabaseUnreachable, _CERTIFICATE_HINT),
    _Refusal(("pam authentication failed",), DatabaseUnreachable, _IAM_HINT),
    _Refusal(
        ("tenant or user not found", "tenant/user"),
        DatabaseUnreachable,
        "Supabase's pooler knows no such project there: the user is written postgres.PROJECT, the "
        "host is that of the project's own region, and a paused project must be restored first",
    ),
    _Refusal(
        ("hot standby mode is disabled",),
        DatabaseUnreachable,
        "a standby that takes no sessions: set hot_standby = on there, or name the primary",
    ),
    _Refusal(
        (
            "starting up",
            "not yet accepting connections",
            "not accepting connections",
            "in recovery mode",
            "recovery state has not been yet reached",
            "couldn't connect to compute node",
            "control plane request failed",
            "cannot connect to server",
            "server login has been failing",
            "server_login_retry",
            "could not get connection from the pool",
            "db_termination",
        ),
        ServerNotReady,
        "the server is starting or recovering, as after a restart or a failover; if that lasts, "
        "its log says why",
    ),
    _Refusal(
        ("shutting down", "due to administrator command"),
        ServerNotReady,
        "the server is being stopped or restarted; one that stays stopped must be started for the "
        "backup",
    ),
    _Refusal(
        (
            "too many clients",
            "too many connections",
            "connection slots",
            "max client conn",
            "max clients reached",
            "query_wait_timeout",
            "maxclientsinsessionmode",
            "no more connections allowed",
            "too many database connection attempts",
            "too many active clients",
            "unable to check out",
        ),
        ServerNotReady,
        "every connection was taken: move the schedule to a quieter hour, raise max_connections or "
        "the pooler's limit, or the CONNECTION LIMIT of the login or the database",
    ),
    _Refusal(
        ("endpoint has been disabled", "compute time quota"),
        DatabaseUnreachable,
        "the provider has stopped the server, and it does not wake up by a connection: its console "
        "says why",
    ),
    # With a default sslmode both are told: then it is not for want of encryption.
    _Refusal(("ssl encryption", "ssl on"), DatabaseUnreachable, _NOT_ADMITTED_HINT),
    _Refusal(
        ("no encryption", "ssl off"),
        DatabaseUnreachable,
        "the server admits no connection that is not encrypted: write sslmode=require, or "
        "verify-full",
    ),
    _Refusal(("pg_hba.conf",), DatabaseUnreachable, _NOT_ADMITTED_HINT),
    _Refusal(
        ("does not support ssl", "ssl not in use"),
        DatabaseUnreachable,
        "the server takes no encrypted connection: switch ssl on there; in a network of your own "
        "sslmode=prefer and no channel_binding do without",
    ),
    _Refusal(
        ("password authentication failed", "no password supplied", "auth failed"),
        DatabaseUnreachable,
        "user or password is wrong, or was changed since: a '%' or '/' in a URI's password is "
        "written %25 or %2F",
    ),
    _Refusal(
        ("not permitted to log in",),
        DatabaseUnreachable,
        "ALTER ROLE … LOGIN, or another user",
    ),
    _Refusal(
        ("permission denied for database", "does not have connect privilege"),
        DatabaseUnreachable,
        "GRANT CONNECT ON DATABASE … TO the user of the connection",
    ),
    _Refusal(
        ("not in hot standby mode", "in hot standby mode", "is not read-only", "is read-only"),
        DatabaseUnreachable,
        "target_session_attrs asks for another kind of server than is there: leave it out, or name "
        "the others too",
    ),
    _Refusal(
        ("configuration parameter", "command-line argument", "invalid value for parameter"),
        DatabaseUnreachable,
        "the server does not take what the connection's options, or its client_encoding, say: "
        "leave them out",
    ),
    _Refusal(
        ("invalid response to ssl negotiation", "expected authentication request"),
        DatabaseUnreachable,
        "what answers there does not speak PostgreSQL: check host and port",
    ),
)

PASSING = {
    sign: each.hint for each in _KNOWN if each.kind is ServerNotReady for sign in each.any_of
}
"""What to do about a server that is not ready, by its words in small letters."""

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


def refuses_options(message: str) -> bool:
    """Tell whether it was `options` that something between us and the server did not take."""
    return "startup parameter" in message


def refusal(connection: Connection, message: str) -> DatabaseUnreachable | DatabaseUnsupported:
    """Give the error for libpq's message, which holds no secret any more."""
    if "rds proxy" in message.lower() or "command-line options" in message:
        return DatabaseUnsupported(f"{connection.place} is an RDS Proxy", hint=_RDS_PROXY_HINT)
    if refuses_options(message):
        return pooler(connection)
    if _OF_A_FUNCTION.search(message):
        fact = f"cannot connect to {connection.place}: a function of the database refuses it"
        return DatabaseUnreachable(fact, hint=_AT_LOGIN_HINT)
    words = "; ".join(filter(None, (" ".join(line.split()) for line in message.splitlines())))
    fact, told = f"cannot connect to {connection.place}: {words}", words.lower()
    for known in _KNOWN:
        if any(sign in told for sign in known.any_of):
            return known.kind(fact, hint=known.hint)
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

"""Refusals of a connection by the words of servers, poolers and providers, and what to do then."""

from dataclasses import dataclass

from snapper.engines.postgresql.connecting.unnamed import NAME
from snapper.errors import DatabaseUnreachable, ServerNotReady

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


@dataclass(frozen=True)
class Refusal:
    """A kind of refusal by the words in which it is told: `any_of` them in small letters.

    One that is `of_login` is the same in each database of the server.
    """

    any_of: tuple[str, ...]
    kind: type[DatabaseUnreachable]
    hint: str
    of_login: bool = False


# PostgreSQL's own words first, then those of poolers and of what providers put before it.
KNOWN = (
    Refusal(("certificate",), DatabaseUnreachable, _CERTIFICATE_HINT),
    Refusal(("pam authentication failed",), DatabaseUnreachable, _IAM_HINT, of_login=True),
    Refusal(
        ("tenant or user not found", "tenant/user"),
        DatabaseUnreachable,
        "Supabase's pooler knows no such project there: the user is written postgres.PROJECT, the "
        "host is that of the project's own region, and a paused project must be restored first",
    ),
    Refusal(
        ("hot standby mode is disabled",),
        DatabaseUnreachable,
        "a standby that takes no sessions: set hot_standby = on there, or name the primary",
    ),
    Refusal(
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
    Refusal(
        ("shutting down", "due to administrator command"),
        ServerNotReady,
        "the server is being stopped or restarted; one that stays stopped must be started for the "
        "backup",
    ),
    Refusal(
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
    Refusal(
        ("endpoint has been disabled", "compute time quota"),
        DatabaseUnreachable,
        "the provider has stopped the server, and it does not wake up by a connection: its console "
        "says why",
    ),
    # With a default sslmode both are told: then it is not for want of encryption.
    Refusal(("ssl encryption", "ssl on"), DatabaseUnreachable, _NOT_ADMITTED_HINT),
    Refusal(
        ("no encryption", "ssl off"),
        DatabaseUnreachable,
        "the server admits no connection that is not encrypted: write sslmode=require, or "
        "verify-full",
    ),
    Refusal(("pg_hba.conf",), DatabaseUnreachable, _NOT_ADMITTED_HINT),
    Refusal(
        ("does not support ssl", "ssl not in use"),
        DatabaseUnreachable,
        "the server takes no encrypted connection: switch ssl on there; in a network of your own "
        "sslmode=prefer and no channel_binding do without",
    ),
    Refusal(
        ("password authentication failed", "no password supplied", "auth failed"),
        DatabaseUnreachable,
        "user or password is wrong, or was changed since: a '%' or '/' in a URI's password is "
        "written %25 or %2F",
        of_login=True,
    ),
    Refusal(
        ("not permitted to log in",),
        DatabaseUnreachable,
        "ALTER ROLE … LOGIN, or another user",
    ),
    Refusal(
        ("permission denied for database", "does not have connect privilege"),
        DatabaseUnreachable,
        "GRANT CONNECT ON DATABASE … TO the user of the connection",
    ),
    Refusal(
        (f"database {NAME} does not exist", "no such database"),
        DatabaseUnreachable,
        "the connection names a database that the server has not: correct it (dbname, or what "
        "stands behind the host's '/'), or leave out what was dropped",
    ),
    Refusal(
        (f"role {NAME} does not exist", "no such user"),
        DatabaseUnreachable,
        "the connection names a user that the server has not: correct it, or CREATE ROLE … LOGIN",
    ),
    Refusal(
        ("not in hot standby mode", "in hot standby mode", "is not read-only", "is read-only"),
        DatabaseUnreachable,
        "target_session_attrs asks for another kind of server than is there: leave it out, or name "
        "the others too",
    ),
    Refusal(
        ("configuration parameter", "command-line argument", "invalid value for parameter"),
        DatabaseUnreachable,
        "the server does not take what the connection's options, or its client_encoding, say: "
        "leave them out",
    ),
    Refusal(
        ("invalid response to ssl negotiation", "expected authentication request"),
        DatabaseUnreachable,
        "what answers there does not speak PostgreSQL: check host and port",
    ),
)

PASSING = {sign: each.hint for each in KNOWN if each.kind is ServerNotReady for sign in each.any_of}
"""What to do about a server that is not ready, by its words in small letters."""

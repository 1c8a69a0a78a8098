"""What keeps a connection, though libpq can read it, from working where the dumps are made.

That is a function of AWS Lambda: another machine, with none of the operator's files and servers.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from snapper.engines.postgresql.conninfo.accepted import value_faults
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.faults import faults
from snapper.engines.postgresql.conninfo.hosts import Host, host_faults, hosts
from snapper.engines.postgresql.conninfo.known_poolers import pooler_doubts, pooler_faults
from snapper.values.options import RDS_IAM, UNSET, Options

# Amazon Linux keeps the certificates here that `system` means.
_ROOTS = frozenset({"system", "/etc/pki/tls/certs/ca-bundle.crt"})

_SAY_ALL = "write host, port, dbname, user and password"
_BY_PASSWORD = "leave it out, and give the user a password"  # noqa: S105  advice, not a password
_FILES = {
    "sslrootcert": "leave it out and set caBundle to the file, or write sslrootcert=system",
    "sslcert": _BY_PASSWORD,
    "sslkey": _BY_PASSWORD,
    "sslcrl": "leave it out",
    "sslcrldir": "leave it out",
    "sslkeylogfile": "leave it out",
    "passfile": "leave it out, and write the password into the connection",
    "service": _SAY_ALL,
    "servicefile": _SAY_ALL,
}

# Such as [YOUR-PASSWORD], <password>, ${DB_PASSWORD} or {{ password }}.
_PLACEHOLDER = re.compile(
    r"(\[[A-Z-]+\]|<[\w -]+>|\$\{?[A-Z_]+\}?|\{\{.*\}\}|\*{3,}|x{3,}|…)", re.DOTALL
)
_MISPLACED = re.compile(r"^/|[&;?]\w+=")

_KERBEROS = frozenset({"krbsrvname", "gsslib", "gssdelegation"})
_OAUTH = frozenset({"oauth_issuer", "oauth_client_id", "oauth_scope"})


def unusable(text: str, *, from_here: bool) -> Iterator[str]:
    """Tell all that is wrong with a connection, each with what to write; no secret is named.

    `from_here` is for dumps that are made on this very machine, with its files, sockets and
    servers: the embedded cloud.
    """
    if unreadable := tuple(faults(text)):
        yield from unreadable
        return
    connection = Connection.parse(text)
    yield from _not_there(connection) if from_here else _left_behind(connection)
    yield from host_faults(connection)
    yield from pooler_faults(connection)
    yield from value_faults(connection)


def doubts(connection: Connection, options: Options = UNSET, *, networked: bool) -> Iterator[str]:
    """Tell what may keep it from working, each with what to write."""
    given_later = bool(options.secret) or options.auth == RDS_IAM
    if not connection.parameters.get("user") and not options.secret:
        yield "no user is named, so it is whatever account the function runs as: write user=…"
    files = {"passfile", "service", "servicefile", "sslcert"}
    by_file = files & connection.parameters.keys()
    if connection.password is None and not (by_file or given_later):
        yield (
            "no password is given, and the function has no ~/.pgpass and no PGPASSWORD: "
            "write it into the connection, unless the server asks for none"
        )
    if connection.password is not None and _PLACEHOLDER.fullmatch(connection.password):
        yield "its password looks like a place where one is to be put in: write the password itself"
    if _MISPLACED.search(connection.parameters.get("dbname", "")):
        yield (
            "the name of its database looks like more than a name: the first parameter stands "
            "behind a '?', the others behind a '&', and the host follows the '@' at once"
        )
    for host in () if networked else hosts(connection):
        if host.is_private:
            yield (
                f"{host.address or host.name} is an address of a private network, which the "
                "function reaches only from within: set subnetIds and securityGroupIds"
            )
    for host in hosts(connection):
        if host.is_ipv6 and not host.is_loopback:
            yield (
                f"{host.address or host.name} has IPv6 only, as far as is known, and a function "
                "has none: write a host with IPv4 (with Supabase port 5432 of the session pooler, "
                "aws-….pooler.supabase.com)"
            )
    yield from pooler_doubts(connection)


def _not_there(connection: Connection) -> Iterator[str]:
    """Tell of a file that libpq would miss only when it connects."""
    named = connection.parameters.get("sslrootcert", "system")
    if named != "system" and not Path(named).is_file():
        yield f"sslrootcert names a file that is not there: {_FILES['sslrootcert']}"


def _left_behind(connection: Connection) -> Iterator[str]:
    """Tell what only the operator's machine has."""
    given = {key: value for key, value in connection.parameters.items() if value}
    for key, instead in _FILES.items():
        if key in given and not (key == "sslrootcert" and given[key] in _ROOTS):
            yield f"{key} needs a file of yours, which the function does not have: {instead}"
    for key in sorted(_KERBEROS & given.keys()):
        yield f"{key} needs Kerberos, for which the function has no ticket: {_BY_PASSWORD}"
    if given.get("gssencmode") == "require":
        yield (
            "gssencmode=require needs Kerberos, for which the function has no ticket: "
            "write sslmode=require in its place"
        )
    if given.get("sslcertmode") == "require":
        yield f"sslcertmode=require needs a certificate of yours: {_BY_PASSWORD}"
    for key in sorted(_OAUTH & given.keys()):
        yield f"{key} needs a person who signs in: {_BY_PASSWORD}"
    if not given.keys() & {"host", "hostaddr", "service", "servicefile"}:
        yield "no host is named, so it would be a socket of the function itself: write host=…"
        return
    for host in hosts(connection):
        yield from _same_machine(host)


def _same_machine(host: Host) -> Iterator[str]:
    if host.is_socket:
        yield (
            "a host is empty or a path, so it would be a socket of the function itself: "
            "write the server's name"
        )
    elif host.is_loopback:
        yield (
            f"{host.address or host.name} means the function itself: "
            "write the name or address by which other machines know the server"
        )

"""Values of a connection that libpq judges only when it connects; here it is asked beforehand."""

import re
from collections.abc import Iterator, Mapping

import psycopg2
from psycopg2.extensions import encodings

from snapper.engines.postgresql.conninfo import libpq
from snapper.engines.postgresql.conninfo.connection import Connection

# It comes after all values were judged and before anything is opened: no name is looked up, no
# socket is made.
_LAST_WORD = "invalid port number"
_NOWHERE = {"host": "nowhere", "port": "0", "user": "nobody", "password": "none"}

# What makes the connection's place; judged elsewhere, or looked up in files of this machine.
_PLACE = frozenset({*_NOWHERE, "hostaddr", "dbname", "passfile", "service", "servicefile"})

_WHOLE_NUMBERS = frozenset(
    {
        "connect_timeout",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "tcp_user_timeout",
    }
)

_TLS_VERSIONS = "TLSv1.2 or TLSv1.3"
_CHOICES = {
    "channel_binding": "disable, prefer or require",
    "gssencmode": "disable or prefer",
    "load_balance_hosts": "disable or random",
    "require_auth": "scram-sha-256, md5, password or none",
    "ssl_max_protocol_version": _TLS_VERSIONS,
    "ssl_min_protocol_version": _TLS_VERSIONS,
    "sslcertmode": "disable or allow",
    "sslmode": "require, verify-full, verify-ca, prefer, allow or disable",
    "sslnegotiation": "postgres or direct",
    "target_session_attrs": "any, read-write, read-only, primary, standby or prefer-standby",
}
"""What to write, where that is useful for a dump."""

# These the server judges, or nobody at all.
_ENCODING = re.compile(r"[^a-z0-9]")
_ENCODINGS = frozenset(
    _ENCODING.sub("", each.lower()) for each in (*encodings, "EUC_TW", "MULE_INTERNAL", "auto")
)
_PHYSICAL = frozenset({"true", "on", "yes", "1"})

_STRICT = frozenset({"require", "verify-ca", "verify-full"})


def value_faults(connection: Connection) -> Iterator[str]:
    """Tell which values libpq would refuse, by their keywords: the value may be misplaced."""
    values = {key: text for key, text in connection.parameters.items() if key not in _PLACE}
    wrong = [key for key in sorted(values) if not _is_accepted(key, values[key])]
    for key in wrong:
        yield f"libpq does not know this value of {key}{_instead(key, values[key])}"
    if not wrong and not _are_accepted(values):
        yield _contradiction(values)
    if _ENCODING.sub("", values.get("client_encoding", "auto").lower()) not in _ENCODINGS:
        yield "PostgreSQL knows no such client_encoding: leave it out"
    if values.get("replication", "").lower() in _PHYSICAL:
        yield "a session with replication takes no dump: leave replication out"


def _is_accepted(key: str, value: str) -> bool:
    if key in _WHOLE_NUMBERS:
        return value.strip().removeprefix("-").isdecimal()
    # Alone these two are at odds with the default of sslmode.
    weak = key == "sslnegotiation" or (key == "sslrootcert" and value == "system")
    return _are_accepted({key: value, **({"sslmode": "verify-full"} if weak else {})})


def _are_accepted(values: Mapping[str, str]) -> bool:
    try:
        with libpq.told_nothing():
            psycopg2.connect(**{**values, **_NOWHERE})
    except psycopg2.Error as error:
        return _LAST_WORD in str(error)
    raise AssertionError("libpq has connected to port 0")


def _instead(key: str, value: str) -> str:
    if _is_accepted(key, value.lower()):
        return ": write it in small letters"
    choices = "a whole number" if key in _WHOLE_NUMBERS else _CHOICES.get(key)
    return f": write {choices}" if choices else ""


def _contradiction(values: Mapping[str, str]) -> str:
    """Tell which values, each of them good, libpq would refuse together."""
    if values.get("sslrootcert") == "system" and values.get("sslmode") != "verify-full":
        return "sslrootcert=system goes with sslmode=verify-full only: write that, or leave it out"
    if values.get("sslnegotiation") == "direct" and values.get("sslmode") not in _STRICT:
        return "sslnegotiation=direct goes with an sslmode that encrypts: write sslmode=require"
    if {"ssl_min_protocol_version", "ssl_max_protocol_version"} <= values.keys():
        return "ssl_min_protocol_version is above ssl_max_protocol_version: leave out both"
    return f"libpq refuses these together: {', '.join(sorted(values))}"

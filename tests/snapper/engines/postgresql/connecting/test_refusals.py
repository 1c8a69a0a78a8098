"""What a refusal of a connection means, by the words of libpq, servers and poolers."""

import pytest

from snapper.engines.postgresql.connecting.refusals import refusal
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.errors import (
    DatabaseUnreachable,
    DatabaseUnsupported,
    HostUnreachable,
    ServerNotReady,
    SnapperError,
)

V6 = 'connection to server at "db.x.supabase.co" (2a05:d014:1c06::1), port 5432 failed: '
V4 = 'connection to server at "db.x.supabase.co" (18.1.2.3), port 5432 failed: '


def meant(message: str) -> SnapperError:
    return refusal(Connection.parse("postgresql://u:p@db.x.supabase.co/d"), message)


@pytest.mark.parametrize(
    "words",
    [
        "Network is unreachable\n\tIs the server running on that host?",
        "Cannot assign requested address",
        "Address family not supported by protocol",
    ],
)
def test_a_host_of_ipv6_alone_is_told_where_there_is_none(words: str) -> None:
    error = meant(V6 + words)
    assert "IPv6 addresses only" in error.hint
    assert "session pooler" in error.hint
    # The function's network is not what is to be changed.
    assert not isinstance(error, HostUnreachable)


def test_a_host_that_has_both_is_judged_by_the_other() -> None:
    error = meant(f"{V6}Network is unreachable\n{V4}timeout expired")
    assert isinstance(error, HostUnreachable)
    assert error.passing


@pytest.mark.parametrize("words", ["Connection refused", "Network is unreachable"])
def test_a_network_that_refuses_is_not_tried_again(words: str) -> None:
    error = meant(V4 + words)
    assert isinstance(error, HostUnreachable)
    assert not error.passing


def test_a_standby_that_takes_no_sessions_does_not_pass() -> None:
    words = "FATAL: the database system is not accepting connections"
    error = meant(f"{V4}{words}\nDETAIL: Hot standby mode is disabled.")
    assert isinstance(error, DatabaseUnreachable)
    assert not error.passing
    assert "hot_standby" in error.hint


@pytest.mark.parametrize(
    ("words", "kind", "hint"),
    [
        (
            "FATAL: This RDS proxy has no credentials for the role app.",
            DatabaseUnsupported,
            "endpoint of the instance",
        ),
        ("FATAL: Tenant or user not found", DatabaseUnreachable, "postgres.PROJECT"),
        (
            "FATAL: (ENOTFOUND) tenant/user postgres.x not found",
            DatabaseUnreachable,
            "a paused project",
        ),
        ("FATAL: query_wait_timeout", ServerNotReady, "the pooler's limit"),
    ],
)
def test_what_stands_before_a_server_is_known_by_its_words(
    words: str, kind: type[SnapperError], hint: str
) -> None:
    error = meant(V4 + words)
    assert type(error) is kind
    assert hint in error.hint


ENTRY = 'FATAL: no pg_hba.conf entry for host "1.2.3.4", user "u", database "d", '


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (f"{ENTRY}no encryption", "sslmode=require"),
        (f"{ENTRY}SSL encryption\n{V4}{ENTRY}no encryption", "does not admit this user"),
        ("server does not support SSL, but SSL was required", "switch ssl on"),
        ("channel binding required, but SSL not in use", "channel_binding"),
        ('FATAL: password authentication failed for user "u"', "was changed since"),
        ("fe_sendauth: no password supplied", "was changed since"),
        ('FATAL: role "u" is not permitted to log in', "LOGIN"),
        ('FATAL: permission denied for database "d"', "GRANT CONNECT"),
        ('FATAL:  database "d" does not exist', "the server has not: correct it (dbname"),
        ("FATAL: no such database: d", "the server has not: correct it (dbname"),
        ('FATAL:  role "u" does not exist', "CREATE ROLE"),
        ("session is not read-only", "target_session_attrs"),
        ("server is not in hot standby mode", "target_session_attrs"),
        ("FATAL: invalid command-line argument for server process: endpoint=ep-x", "options"),
        ('FATAL: unrecognized configuration parameter "nonsense"', "options"),
        ("received invalid response to SSL negotiation: H", "does not speak PostgreSQL"),
        ("ERROR: The endpoint has been disabled. Enable it using Neon API.", "its console"),
    ],
)
def test_what_no_waiting_mends_has_a_hint_and_is_not_tried_again(words: str, hint: str) -> None:
    error = meant(V4 + words)
    assert type(error) is DatabaseUnreachable
    assert not error.passing
    assert hint in error.hint


@pytest.mark.parametrize(
    "words",
    [
        "FATAL: terminating connection due to administrator command",
        "FATAL: could not get connection from the pool - AllServersDown",
        "FATAL: Unable to check out process from the pool due to timeout",
    ],
)
def test_a_server_that_stops_and_a_pool_that_is_empty_pass(words: str) -> None:
    assert isinstance(meant(V4 + words), ServerNotReady)

"""What libpq judges only when it connects is judged before, and no value is repeated."""

import pytest

from snapper.engines.postgresql.conninfo.accepted import value_faults
from snapper.engines.postgresql.conninfo.connection import Connection


def told(text: str) -> list[str]:
    return list(value_faults(Connection.parse(f"host=db.example.com {text}")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sslmode=require",
        "sslmode=verify-full sslrootcert=system",
        "sslrootcert=system",
        "sslrootcert=/nowhere sslmode=verify-full",
        "sslmode=require sslnegotiation=direct",
        "channel_binding=require target_session_attrs=read-write gssencmode=disable",
        "ssl_min_protocol_version=TLSv1.2 ssl_max_protocol_version=TLSv1.3",
        "require_auth=scram-sha-256,md5 load_balance_hosts=random sslcertmode=disable",
        "connect_timeout=5 keepalives=1 keepalives_idle=-1 tcp_user_timeout='10 '",
        "application_name=x client_encoding=Utf-8 options='-c a.b=c'",
        "passfile=/nowhere service=nothing",
    ],
)
def test_what_libpq_takes_is_taken(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "keyword", "instead"),
    [
        ("sslmode=Require", "sslmode", "write it in small letters"),
        ("sslmode=hush", "sslmode", "write require, verify-full"),
        ("sslmode=''", "sslmode", "write require, verify-full"),
        ("channel_binding=hush", "channel_binding", "write disable, prefer or require"),
        ("target_session_attrs=hush", "target_session_attrs", "write any, read-write"),
        ("gssencmode=hush", "gssencmode", "write disable or prefer"),
        ("load_balance_hosts=hush", "load_balance_hosts", "write disable or random"),
        ("require_auth=md5,hush", "require_auth", "write scram-sha-256"),
        ("sslcertmode=hush", "sslcertmode", "write disable or allow"),
        ("sslnegotiation=hush", "sslnegotiation", "write postgres or direct"),
        ("ssl_min_protocol_version=hush", "ssl_min_protocol_version", "write TLSv1.2"),
        ("keepalives_idle=hush", "keepalives_idle", "write a whole number"),
        ("connect_timeout=1.5", "connect_timeout", "write a whole number"),
    ],
)
def test_what_it_would_refuse_is_told_by_its_keyword_with_what_to_write(
    text: str, keyword: str, instead: str
) -> None:
    (fault,) = told(text)
    assert fault.startswith(f"libpq does not know this value of {keyword}: {instead}")
    assert "hush" not in fault


@pytest.mark.parametrize("text", ["client_encoding=utf8mb4", "replication=on"])
def test_what_the_server_would_refuse_is_told(text: str) -> None:
    (fault,) = told(text)
    assert fault.endswith("out")
    assert text not in fault


def test_every_one_of_them_is_told() -> None:
    assert len(told("sslmode=hush gssencmode=hush keepalives=hush")) == 3


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("sslrootcert=system sslmode=require", "sslmode=verify-full"),
        ("sslnegotiation=direct", "sslmode=require"),
        ("sslnegotiation=direct sslmode=prefer", "sslmode=require"),
        (
            "ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2",
            "leave out both",
        ),
    ],
)
def test_values_that_are_good_alone_and_not_together_are_told(text: str, instead: str) -> None:
    (fault,) = told(text)
    assert instead in fault


@pytest.mark.parametrize(
    ("variable", "value"), [("PGSSLMODE", "hush"), ("PGSERVICE", "hush"), ("PGPORT", "5432")]
)
def test_the_shell_of_who_asks_has_no_say(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    assert told("sslmode=require") == []
    assert len(told("sslmode=hush")) == 1

"""A connection is handed on as libpq reads it, and never with its password in an argv."""

import pytest
from psycopg2.extensions import parse_dsn

from snapper.engines.postgresql.conninfo.connection import (
    UNSPEAKABLE,
    Connection,
    ConnectionInvalid,
)

URI = "postgresql://reader:p%40ss@db.example:5433/orders?sslmode=require"


def test_the_password_travels_in_the_environment_alone() -> None:
    connection = Connection.parse(URI)
    assert connection.environment() == {"PGPASSWORD": "p@ss"}
    assert "p@ss" not in connection.conninfo({})
    assert "password" not in connection.parameters


def test_without_a_password_there_is_none_in_the_environment() -> None:
    assert Connection.parse("host=h").environment() == {}


def test_what_the_user_wrote_goes_over_defaults_and_under_settings() -> None:
    connection = Connection.parse("host=h connect_timeout=3 application_name=mine")
    merged = parse_dsn(
        connection.conninfo({"connect_timeout": 15, "keepalives": 1}, options="-c x")
    )
    assert merged == {
        "host": "h",
        "connect_timeout": "3",
        "keepalives": "1",
        "application_name": "mine",
        "options": "-c x",
    }


def test_another_database_of_the_same_server_keeps_the_password() -> None:
    other = Connection.parse(URI).replace(dbname="people")
    assert other.parameters["dbname"] == "people"
    assert other.password == "p@ss"


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("", "names no host and no database"),
        ("postgresql://", "names no host and no database"),
        ("jdbc:postgresql://h/d", "it must begin with postgresql://"),
        ("host='h", "unterminated quoted string"),
        ("host=h pass=hush", "a name that libpq does not know"),
        ("host=h password=top secret", "or be host=… dbname=… pairs"),
        ("postgresql://u:100%@h/d", "invalid percent-encoded token"),
        ("postgresql://u:%00hush@h/d", "forbidden value %00"),
        ("postgresql://u:hush@2001:db8::1/d", "stands in brackets"),
        ("postgresql://[::1/d", 'looking for matching "]"'),
        ("postgresql://[]/d", "IPv6 host address may not be empty"),
        ("postgresql://[::1]x/d", "unexpected character"),
        ("postgresql://h/d?hush", "has no '='"),
        ("postgresql://h/d?a=b=hush", "joined by '&', and a '=' within a value is written %3D"),
        ("postgresql://h/d?hush=1", "a name that libpq does not know"),
        ("host=h\0hush", "a zero byte"),
        ("postgresql://u:%ff@h/d", "unknown form"),
    ],
)
def test_what_libpq_refuses_is_refused_in_its_words_without_its_quotation(
    text: str, fact: str
) -> None:
    with pytest.raises(ConnectionInvalid) as refused:
        Connection.parse(text)
    assert fact in str(refused.value)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:hush@tail@db.example/d",
        "postgresql://u:hush/tail@db.example/d",
        "postgresql://u:1234/tail@db.example/d",
        "postgresql://u:hush/tail",
        "postgresql://u:hush@@db.example/d",
        "postgresql://u:hush@ta/il@db.example/d",
    ],
)
def test_a_raw_at_or_slash_in_a_password_is_refused_before_it_becomes_a_host(text: str) -> None:
    with pytest.raises(ConnectionInvalid, match="must be written %2F") as refused:
        Connection.parse(text)
    assert not [piece for piece in ("hush", "tail", "1234") if piece in str(refused.value)]


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u%40tenant:p@h/d",
        "postgresql://h/d?user=me@tenant",
        "postgresql://u:p@%40abstract/d",
        "host=@abstract",
        "postgresql://u:p@h/d%40e",
        "postgresql://u:p@a:1,b:,c/d",
    ],
)
def test_an_at_where_it_belongs_is_taken(text: str) -> None:
    assert Connection.parse(text).parameters == {
        name: value for name, value in parse_dsn(text).items() if name != "password"
    }


@pytest.mark.parametrize(
    "text",
    [
        "host=db.example;port=5432;user=u;password=hush;dbname=x",
        "Host=db.example;Password=hush",
        "postgresql://db.example/orders&user=u&password=hush",
        "postgresql://db.example/orders;user=u;password=hush",
        "postgresql://db.example;password=hush/orders",
        "postgresql://u;hush:5432/orders",
        "dbname=postgresql://u:hush@h/x host=h",
        "host=postgresql://u:hush@h/x",
        "host=h user=u&password=hush",
        "host=h dbname=jdbc:postgresql://h/x?password=hush",
        "host=h user='u;PWD = hush'",
        "host=h application_name='password=hush'",
    ],
)
def test_what_libpq_takes_for_one_name_but_holds_a_password_is_refused(text: str) -> None:
    with pytest.raises(ConnectionInvalid) as refused:
        Connection.parse(text)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "host='a.example, b.example' port='1, 2'",
        "host='/var/run/my sockets; = &'",
        "host=@abstract",
        "host=fe80::1%eth0",
        "host=h dbname='my & db; = #1' user='a b'",
        "host=h password='password=hush; ://'",
        "postgresql://u:pass%20word@h/my%20db?options=-c%20a.b%3D1",
    ],
)
def test_unusual_names_are_taken(text: str) -> None:
    assert Connection.parse(text).parameters


@pytest.mark.parametrize("port", ["abc", "5432x", "1,b", "-1", "123456"])
def test_a_port_that_is_no_number_is_refused(port: str) -> None:
    with pytest.raises(ConnectionInvalid, match="port is not a number"):
        Connection.parse(f"host=h port={port}")


@pytest.mark.parametrize("keyword", sorted(UNSPEAKABLE))
def test_a_secret_that_only_an_argv_could_carry_is_refused(keyword: str) -> None:
    with pytest.raises(ConnectionInvalid) as refused:
        Connection.parse(f"host=h {keyword}=hush")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("postgresql://me:hush@db.example:5433/orders", "db.example:5433/orders"),
        ("postgresql://me@db.example", "db.example/me"),
        ("dbname=d", "local socket/d"),
        ("hostaddr=10.0.0.1 dbname=d", "10.0.0.1/d"),
        ("postgresql://a,b:2/d", "a,b:2/d"),
        ("postgresql://a:1,b:2/d", "a:1,b:2/d"),
    ],
)
def test_the_place_is_fit_for_a_message(text: str, place: str) -> None:
    assert Connection.parse(text).place == place

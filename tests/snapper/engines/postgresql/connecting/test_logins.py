"""Coming in by passwords that are asked for at each connecting."""

from collections.abc import Iterator

import pytest

from snapper.engines.postgresql.connecting.logins import accepted, coming_in
from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.errors import DatabaseUnreachable, HostUnreachable
from snapper.values.credentials import Credentials, Door, Login
from tests.support.certificates import Authority
from tests.support.rds import HOST, Rds


def giving(*passwords: str, asked: list[Door] | None = None) -> Credentials:
    def credentials(door: Door) -> Iterator[Login]:
        for password in passwords:
            if asked is not None:
                asked.append(door)
            yield Login(door.user, password)

    return credentials


def with_credentials(text: str, credentials: Credentials) -> Connection:
    return Connection(Connection.parse(text).parameters, credentials=credentials)


def test_the_next_password_is_tried_where_the_first_is_refused(
    amazon: Authority, rds_door: str
) -> None:
    with Rds(rds_door, amazon, lambda _, password, __: password == "new") as rds:
        connection = with_credentials(rds.connection("backup", "postgres"), giving("old", "new"))
        connect(connection, redactor()).close()
    assert [(password, admitted) for _, password, admitted in rds.asked] == [
        ("old", False),
        ("new", True),
    ]


def test_no_password_is_tried_twice_nor_asked_for_without_need(
    amazon: Authority, rds_door: str
) -> None:
    asked: list[Door] = []
    with Rds(rds_door, amazon, lambda _, password, __: password == "b") as rds:
        credentials = giving("a", "a", "b", "c", asked=asked)
        connection = with_credentials(rds.connection("backup", "postgres"), credentials)
        connect(connection, redactor()).close()
        door = Door(HOST, rds.port, "backup")
    assert [password for _, password, _ in rds.asked] == ["a", "b"]
    assert asked == [door] * 3


def test_where_none_is_taken_it_says_what_the_server_said(amazon: Authority, rds_door: str) -> None:
    with Rds(rds_door, amazon, lambda *_: False) as rds:
        connection = with_credentials(
            rds.connection("backup", "postgres"), giving("hush", "husher")
        )
        with pytest.raises(DatabaseUnreachable, match="PAM authentication failed") as raised:
            connect(connection, redactor())
    assert "hush" not in str(raised.value)


def test_a_host_that_does_not_answer_is_asked_once(refusing_port: int) -> None:
    asked: list[Door] = []
    credentials = giving("one", "two", asked=asked)
    connection = with_credentials(f"host=127.0.0.1 port={refusing_port} user=u", credentials)
    with pytest.raises(HostUnreachable):
        connect(connection, redactor())
    assert len(asked) == 1


def test_what_was_given_is_masked_from_then_on() -> None:
    redact = redactor()
    connection = with_credentials("host=h user=u", giving("s3cr3t"))
    coming_in(connection, redact, lambda each: each)
    assert redact("the server says s3cr3t") == "the server says ***"


def test_another_program_gets_the_login_that_was_just_taken(
    amazon: Authority, rds_door: str
) -> None:
    with Rds(rds_door, amazon, lambda _, password, __: password == "new") as rds:
        connection = with_credentials(rds.connection("backup", "postgres"), giving("old", "new"))
        redact = redactor()
        proven = accepted(connection, redact, lambda each: connect(each, redact))
    assert proven.environment() == {"PGPASSWORD": "new"}
    assert proven.credentials is None


def test_a_connection_that_has_all_is_opened_as_it_is() -> None:
    connection = Connection.parse("host=h password=p")
    assert coming_in(connection, redactor(), lambda each: each) is connection
    assert accepted(connection, redactor(), lambda _: pytest.fail("it is opened")) is connection

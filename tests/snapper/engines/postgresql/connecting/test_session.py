"""How our sessions begin: within one limit of time, and with nothing searched but the system's."""

import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from urllib.parse import quote

import pytest
from psycopg2.extensions import parse_dsn

from snapper.engines.postgresql.connecting.session import connect, conninfo
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.errors import DatabaseUnreachable, HostUnreachable
from tests.support import poolers
from tests.support.databases import Source
from tests.support.faults import faulted

SHOWN = "SELECT current_setting('search_path'), current_setting('statement_timeout')"


def shown(dsn: str) -> tuple[object, ...]:
    with closing(connect(Connection.parse(dsn), redactor(dsn))) as link, link.cursor() as cursor:
        cursor.execute(SHOWN)
        found: tuple[object, ...] = cursor.fetchone()
        return found


@pytest.mark.parametrize(
    "asked", ["", "-c search_path=public", "-c search_path=public -c statement_timeout=9s"]
)
def test_a_session_searches_no_path_whatever_was_asked_for(
    asked: str, source: Callable[..., Source]
) -> None:
    made = source()
    made.run(f'ALTER DATABASE "{made.name}" SET search_path = public, pg_catalog')
    made.run(f"ALTER DATABASE \"{made.name}\" SET statement_timeout = '1h'")
    assert shown(f"{made.dsn}?options={quote(asked)}") == ("", "0")


def test_nor_does_one_whose_options_a_pooler_has_dropped(source: Callable[..., Source]) -> None:
    made = source()
    made.run(f'ALTER DATABASE "{made.name}" SET search_path = public, pg_catalog')
    with poolers.dropping(made.server.port) as port:
        assert shown(made.dsn.replace(f":{made.server.port}/", f":{port}/")) == ("", "0")


def test_many_hosts_that_say_nothing_have_one_limit_in_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("snapper.engines.postgresql.connecting.session.LONGEST_CONNECT", 1)
    with ExitStack() as stack, faulted("sessions: many hosts that say nothing"):
        ports = [_listening(stack) for _ in range(200)]
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        dsn = f"postgresql://u:hush-hush@{hosts}/d?connect_timeout=50&sslmode=disable"
        with pytest.raises(HostUnreachable, match="no answer in 1 s in all") as failed:
            connect(Connection.parse(dsn), redactor(dsn))
        assert "hush-hush" not in str(failed.value)


@pytest.mark.parametrize(
    ("hosts", "asked", "given"),
    [(1, "", "15"), (2, "50", "30"), (10, "", "6"), (10, "5", "5"), (500, "", "2"), (10, "0", "6")],
)
def test_hosts_share_the_time_for_libpq_takes_it_for_each(
    hosts: int, asked: str, given: str
) -> None:
    names = ",".join(f"h{number}" for number in range(hosts))
    text = f"host={names}" + (f" connect_timeout={asked}" if asked else "")
    assert parse_dsn(conninfo(Connection.parse(text)))["connect_timeout"] == given


def _listening(stack: ExitStack) -> int:
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    return int(listener.getsockname()[1])


def test_what_a_function_says_at_each_login_is_not_told(source: Callable[..., Source]) -> None:
    made = source(
        18,
        "CREATE FUNCTION greet() RETURNS event_trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'row: %', 'Zoe Nobody-Else'; END $$;"
        "CREATE EVENT TRIGGER greeting ON login EXECUTE FUNCTION greet()",
    )
    with pytest.raises(DatabaseUnreachable, match="a function of the database refuses it") as told:
        connect(Connection.parse(made.dsn), redactor(made.dsn))
    assert "Zoe" not in str(told.value)
    assert "event_triggers=off" in told.value.hint
    silent = Connection.parse(made.dsn).replace(options="-cevent_triggers=off")
    connect(silent, redactor(made.dsn)).close()

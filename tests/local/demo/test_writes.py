"""A difference is explained by what is known of the source's server, and by nothing else."""

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from local.demo.writes import BUSY, QUIET, meanwhile, transactions
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine.run_directory import run_directory


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    # Its own upkeep is a writer too.
    quiet = {"autovacuum": "off"}
    with run_directory() as directory, PostgresServer(16, directory / "s", settings=quiet) as made:
        yield made


def test_reading_is_no_writing(server: PostgresServer) -> None:
    before = transactions(server.dsn())
    with closing(psycopg2.connect(server.dsn())) as link, link.cursor() as cursor:
        cursor.execute("SELECT * FROM pg_class")
        cursor.fetchall()
    assert meanwhile(before, transactions(server.dsn())) == (QUIET,)


def test_a_row_or_a_definition_is(server: PostgresServer) -> None:
    before = transactions(server.dsn())
    with closing(psycopg2.connect(server.dsn())) as link, link, link.cursor() as cursor:
        cursor.execute("CREATE TABLE t AS SELECT 1 AS a")
    between = transactions(server.dsn())
    with closing(psycopg2.connect(server.dsn())) as link, link, link.cursor() as cursor:
        cursor.execute("UPDATE t SET a = 2")
    assert meanwhile(before, between) == meanwhile(between, transactions(server.dsn())) == (BUSY,)


def test_of_a_server_that_does_not_tell_nothing_is_said(server: PostgresServer) -> None:
    assert transactions(server.dsn("absent")) == ""
    assert meanwhile("", transactions(server.dsn())) == ()
    assert meanwhile(transactions(server.dsn()), "") == ()

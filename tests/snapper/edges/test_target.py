"""What a database holds that a new one does not; and a database that gets its name when whole."""

from collections.abc import Callable

import psycopg2
import pytest

from local.postgres.server import PostgresServer
from snapper.edges.target import (
    content,
    create_roles,
    draft,
    exists,
    missing_roles,
    unfinished_databases,
)
from snapper.errors import DatabaseUnreachable, RestoreFailed
from snapper.values.connection import Connection
from snapper.values.redaction import Redactor
from tests.support.databases import Source

HIDE = Redactor()


def connection(source: Source) -> Connection:
    return Connection.parse(source.dsn)


@pytest.mark.parametrize(
    "made",
    [
        "SELECT 1",
        "CREATE EXTENSION hstore; CREATE EXTENSION pg_stat_statements",
        "CREATE SCHEMA here",
    ],
)
def test_a_new_database_is_empty_also_with_extensions(
    made: str, source: Callable[..., Source]
) -> None:
    assert content(connection(source(17, made)), HIDE).empty


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE t ()",
        "CREATE VIEW v AS SELECT 1 AS n",
        "CREATE SEQUENCE s",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE mood AS ENUM ('happy')",
        "CREATE DOMAIN percent AS int",
        "CREATE TYPE address AS (street text)",
        "SELECT lo_from_bytea(0, 'x')",
        "CREATE SCHEMA here; CREATE TABLE here.t ()",
    ],
)
def test_whatever_somebody_made_is_content(made: str, source: Callable[..., Source]) -> None:
    assert not content(connection(source(17, made)), HIDE).empty


def test_a_draft_has_its_name_only_at_the_end(server: Callable[[int], PostgresServer]) -> None:
    target = Connection.parse(server(17).dsn("drafted"))
    with draft(target, "UTF8", HIDE) as unfinished:
        assert not exists(target, HIDE)
        assert unfinished_databases(target.replace(dbname="postgres"), HIDE) == (
            unfinished.parameters["dbname"],
        )
    assert exists(target, HIDE)
    assert unfinished_databases(target, HIDE) == ()


def test_a_draft_that_fails_is_dropped_though_somebody_is_connected(
    server: Callable[[int], PostgresServer],
) -> None:
    target = Connection.parse(server(17).dsn("never"))
    links = []

    def fail() -> None:
        with draft(target, "UTF8", HIDE) as unfinished:
            links.append(psycopg2.connect(unfinished.conninfo({}), password=unfinished.password))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    links[0].close()
    assert not exists(target, HIDE)
    assert unfinished_databases(target.replace(dbname="postgres"), HIDE) == ()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "UTF8"])
def test_a_draft_has_the_encoding_of_the_backup(
    encoding: str, server: Callable[[int], PostgresServer]
) -> None:
    target = Source(server(17), f"in {encoding}")
    with draft(connection(target), encoding, HIDE):
        pass
    assert target.rows("SHOW server_encoding") == [(encoding,)]


def test_who_may_not_make_databases_is_told_so(source: Callable[..., Source]) -> None:
    made = source(17, "CREATE ROLE modest LOGIN PASSWORD 'pw'")
    modest = Connection({**connection(made).parameters, "user": "modest", "dbname": "x"}, "pw")
    with pytest.raises(RestoreFailed, match="permission denied to create database"):
        draft(modest, "UTF8", HIDE).__enter__()
    made.run("DROP ROLE modest")


def test_missing_roles_are_found_and_made_without_login(source: Callable[..., Source]) -> None:
    made = source()
    wanted = ("postgres", 'new "role"')
    assert missing_roles(connection(made), wanted, HIDE) == ('new "role"',)
    create_roles(connection(made), ('new "role"',), HIDE)
    assert missing_roles(connection(made), wanted, HIDE) == ()
    assert made.rows("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'new \"role\"'") == [
        (False,)
    ]
    made.run('DROP ROLE "new ""role"""')


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(DatabaseUnreachable):
        exists(Connection.parse("postgresql://u:p@127.0.0.1:1/x"), HIDE)

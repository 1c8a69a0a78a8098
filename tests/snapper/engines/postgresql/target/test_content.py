"""What a database holds that a new one does not, and what a server lacks."""

from collections.abc import Callable

import pytest

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.target.content import content, exists
from snapper.errors import DatabaseUnreachable, RestoreFailed
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


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(DatabaseUnreachable):
        exists(Connection.parse("postgresql://u:p@127.0.0.1:1/x"), HIDE)


@pytest.mark.parametrize(
    ("statement", "kind", "words"),
    [
        ("SELECT pg_terminate_backend(pg_backend_pid())", DatabaseUnreachable, "broke off"),
        ("SET statement_timeout = 1; SELECT pg_sleep(9)", RestoreFailed, "refused: canceling"),
        ("DROP ROLE postgres", RestoreFailed, "refused: current user cannot be dropped"),
        ("SELECT 1 / 0", RestoreFailed, "refused: division by zero"),
    ],
)
def test_only_a_session_that_is_lost_makes_a_server_unreachable(
    statement: str, kind: type[Exception], words: str, source: Callable[..., Source]
) -> None:
    made = source()
    with (
        asking(connection(made), HIDE),
        pytest.raises(kind, match=words),
        asking(connection(made).replace(dbname="postgres"), HIDE) as cursor,
    ):
        cursor.execute(statement.format(made.name))

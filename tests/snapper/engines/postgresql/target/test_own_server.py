"""A server of one's own is asked first whether backups can be tried there, and named as itself."""

from collections.abc import Callable

import pytest
from psycopg2.extensions import make_dsn

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.target.own_server import require_server
from snapper.errors import DatabaseUnreachable, SettingsError, SnapperError
from tests.support.databases import Source


def require(dsn: str) -> None:
    require_server(Connection.parse(dsn), redactor(dsn))


@pytest.fixture
def own(source: Callable[..., Source]) -> Source:
    return source(18)


@pytest.mark.parametrize("name", ["postgres", "not_there", ""])
def test_a_server_is_good_whichever_database_is_named(own: Source, name: str) -> None:
    require(make_dsn(own.dsn, dbname=name))


def test_a_server_that_cannot_be_reached_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnreachable, match=r"127\.0\.0\.1:1/own") as failed:
        require("postgresql://u:hush-hush@127.0.0.1:1/own")
    assert "hush" not in str(failed.value) + failed.value.hint


@pytest.mark.long
def test_a_role_that_may_make_no_database_is_told_before_anything_is_read(own: Source) -> None:
    own.run("CREATE ROLE looker LOGIN PASSWORD 'hush-hush'")
    dsn = make_dsn(own.dsn, user="looker", password="hush-hush")
    try:
        with pytest.raises(SettingsError, match=r"looker may make no database") as no:
            require(dsn)
        assert "CREATEDB" in no.value.hint
        own.run("ALTER ROLE looker CREATEDB")
        require(dsn)
    finally:
        own.run("DROP ROLE looker")


@pytest.mark.long
def test_a_wrong_password_is_told_of_the_server(own: Source) -> None:
    own.run("CREATE ROLE typo LOGIN PASSWORD 'right'")
    try:
        with pytest.raises(SnapperError, match="password authentication failed"):
            require(make_dsn(own.dsn, user="typo", password="hush-hush"))
    finally:
        own.run("DROP ROLE typo")

"""Roles that are missing are made by whoever may make roles, and can then be given something."""

from collections.abc import Callable, Iterator

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.target.roles import create_roles, missing_roles, strange_roles
from snapper.errors import RestoreFailed, SettingsError
from snapper.values.redaction import Redactor
from tests.support.databases import Source, query

HIDE = Redactor()
NEW = 'new "role"'


def connection(source: Source) -> Connection:
    return Connection.parse(source.dsn)


@pytest.fixture
def master(source: Callable[..., Source]) -> Iterator[Callable[[int], Source]]:
    """Give a database of a role that is no superuser, and may make databases and roles."""
    made: list[Source] = []

    def make(major: int) -> Source:
        of_all = source(major, "CREATE ROLE roles_master LOGIN CREATEDB CREATEROLE PASSWORD 'pw'")
        made.append(of_all)
        of_all.run(f'ALTER DATABASE "{of_all.name}" OWNER TO roles_master')
        return of_all

    yield make
    for each in made:
        drop = 'DROP OWNED BY roles_master; DROP ROLE IF EXISTS "new ""role"""; '
        each.run(f'{drop} ALTER DATABASE "{each.name}" OWNER TO postgres; DROP ROLE roles_master')


def test_missing_roles_are_found_and_made_without_login(source: Callable[..., Source]) -> None:
    made = source()
    wanted = ("postgres", NEW)
    assert missing_roles(connection(made), wanted, HIDE) == (NEW,)
    create_roles(connection(made), (NEW,), HIDE)
    assert missing_roles(connection(made), wanted, HIDE) == ()
    assert made.rows(
        "SELECT rolcanlogin, (SELECT count(*) FROM pg_auth_members WHERE roleid = r.oid)"
        " FROM pg_roles r WHERE rolname = 'new \"role\"'"
    ) == [(False, 0)]
    made.run('DROP ROLE "new ""role"""')


def test_of_several_roles_all_are_made_or_none(source: Callable[..., Source]) -> None:
    made = source()
    with pytest.raises(RestoreFailed, match="already exists"):
        create_roles(connection(made), ("half made", "postgres"), HIDE)
    assert missing_roles(connection(made), ("half made",), HIDE) == ("half made",)


@pytest.mark.parametrize("major", [14, 15, 16, 17, 18])
def test_a_maker_who_is_no_superuser_can_give_a_new_role_what_it_owns(
    major: int, master: Callable[[int], Source]
) -> None:
    made = master(major)
    plain = Connection.parse(made.as_role("roles_master", "pw"))
    create_roles(plain, (NEW,), HIDE)
    assert strange_roles(plain, (NEW, "postgres"), HIDE) == ("postgres",)
    make = "CREATE SCHEMA given; GRANT ALL ON SCHEMA given TO PUBLIC; CREATE TABLE given.t (n int)"
    query(made.as_role("roles_master", "pw"), make)
    give = 'ALTER TABLE given.t OWNER TO "new ""role"""; SELECT count(*) FROM given.t'
    assert query(made.as_role("roles_master", "pw"), give) == [(0,)]
    made.run("DROP SCHEMA given CASCADE")


def test_who_may_make_no_roles_is_told_which_are_missing(source: Callable[..., Source]) -> None:
    made = source(17, "CREATE ROLE makes_no_roles LOGIN PASSWORD 'pw'")
    plain = Connection.parse(made.as_role("makes_no_roles", "pw"))
    try:
        with pytest.raises(SettingsError, match=f"may make no roles.*{NEW}") as told:
            create_roles(plain, (NEW,), HIDE)
    finally:
        made.run("DROP ROLE makes_no_roles")
    assert "ALTER ROLE makes_no_roles CREATEROLE" in told.value.hint


def test_a_role_that_a_provider_or_postgresql_brings_along_is_none_to_be_made(
    source: Callable[..., Source],
) -> None:
    named = ("rdsadmin", "neon_superuser", "pg_of_a_later_release", "anon", "doadmin")
    assert missing_roles(connection(source()), named, HIDE) == ("anon", "doadmin")


def test_a_name_in_another_encoding_on_the_server_is_in_nobodys_way(
    source: Callable[..., Source],
) -> None:
    made = source()
    latin = Source(made.server, f"latin of {made.name}")
    Source(made.server, "postgres").run(
        f"CREATE DATABASE \"{latin.name}\" TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
    )
    latin.run('CREATE ROLE "m\u00fcller"')
    try:
        assert missing_roles(connection(made), ("postgres", NEW), HIDE) == (NEW,)
        assert strange_roles(connection(made), ("postgres",), HIDE) == ()
    finally:
        latin.run('DROP ROLE "m\u00fcller"')
        Source(made.server, "postgres").run(f'DROP DATABASE "{latin.name}"')

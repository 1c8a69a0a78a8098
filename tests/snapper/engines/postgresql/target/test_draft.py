"""A database gets its name when it is whole, and is not thrown away any more from then on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from snapper.engines.postgresql.connecting.asking import asking
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.inspecting.properties import Locale
from snapper.engines.postgresql.inspecting.read_properties import read_properties
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.target.content import exists, unfinished_databases
from snapper.engines.postgresql.target.draft import Making, draft
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import RestoreFailed
from snapper.values.redaction import Redactor
from tests.support.databases import Source
from tests.support.few import few
from tests.support.properties import UNSET

HIDE = Redactor()
BACKUP = Recorded("17.2", "UTF8", ())


def connection(source: Source) -> Connection:
    return Connection.parse(source.dsn)


def silent(warning: str) -> None:
    raise AssertionError(warning)


def test_a_draft_has_its_name_only_at_the_end(server: Callable[[int], PostgresServer]) -> None:
    target = Connection.parse(server(17).dsn("drafted"))
    with draft(target, BACKUP, HIDE, silent) as unfinished:
        assert not exists(target, HIDE)
        assert unfinished_databases(target.replace(dbname="postgres"), HIDE) == (
            unfinished.parameters["dbname"],
        )
    assert exists(target, HIDE)
    assert unfinished_databases(target, HIDE) == ()


@pytest.mark.parametrize("bare", [False, True])
def test_nobody_else_gets_into_a_draft(bare: bool, server: Callable[[int], PostgresServer]) -> None:
    target = Source(server(14), f"nobody else's {bare}")
    opened = "SELECT has_database_privilege('public', current_database(), 'CONNECT')"
    with draft(connection(target), BACKUP, HIDE, silent, making=Making(bare=bare)) as unfinished:
        assert Source(target.server, unfinished.parameters["dbname"]).rows(opened) == [(False,)]
    assert target.rows(opened) == [(not bare,)]


def test_who_makes_it_as_another_role_gets_in(server: Callable[[int], PostgresServer]) -> None:
    admin, target = Source(server(14), "postgres"), Source(server(14), "a group's")
    admin.run(
        "CREATE ROLE keepers CREATEDB;"
        "CREATE ROLE kept LOGIN NOINHERIT IN ROLE keepers PASSWORD 'kept'"
    )
    try:
        maker = Connection.parse(target.as_role("kept", "kept"))
        maker = maker.replace(options="-c role=keepers")
        with draft(maker, BACKUP, HIDE, silent) as unfinished, asking(unfinished, HIDE) as cursor:
            cursor.execute("CREATE TABLE public.t ()")
        rights = "SELECT unnest(datacl)::text FROM pg_database WHERE datname = current_database()"
        assert sorted(target.rows(rights)) == [("=Tc/keepers",), ("keepers=CTc/keepers",)]
    finally:
        admin.run(f'DROP DATABASE IF EXISTS "{target.name}" WITH (FORCE)')
        admin.run("DROP ROLE kept, keepers")


def test_a_draft_that_fails_is_dropped_though_somebody_is_connected(
    server: Callable[[int], PostgresServer],
) -> None:
    target = Connection.parse(server(17).dsn("never"))
    links = []

    def fail() -> None:
        with draft(target, BACKUP, HIDE, silent) as unfinished:
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
    with draft(connection(target), replace(BACKUP, encoding=encoding), HIDE, silent):
        pass
    assert target.rows("SHOW server_encoding") == [(encoding,)]


def test_who_may_not_make_databases_is_told_so(source: Callable[..., Source]) -> None:
    made = source(17, "CREATE ROLE modest LOGIN PASSWORD 'pw'")
    modest = Connection({**connection(made).parameters, "user": "modest", "dbname": "x"}, "pw")
    with pytest.raises(RestoreFailed, match="permission denied to create database"):
        draft(modest, BACKUP, HIDE, silent).__enter__()
    made.run("DROP ROLE modest")


@pytest.mark.parametrize("major", few([18, 17]))
@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "EUC_JP"])
def test_every_encoding_is_had_where_the_locale_is_the_servers_own(
    major: int, encoding: str, builtin: Callable[[int], PostgresServer]
) -> None:
    target = Source(builtin(major), f"in {encoding}")
    with draft(connection(target), replace(BACKUP, encoding=encoding), HIDE, silent):
        pass
    assert target.rows("SHOW server_encoding") == [(encoding,)]


@pytest.fixture(scope="session")
def builtin(run_dir: Path) -> Iterator[Callable[[int], PostgresServer]]:
    """Give a server whose own locale is PostgreSQL's, which knows UTF8 only."""
    with ExitStack() as stack:
        started: dict[int, PostgresServer] = {}

        def start(major: int) -> PostgresServer:
            if major not in started:
                locale = ("--locale-provider=builtin", "--locale=C.UTF-8")
                made = PostgresServer(major, run_dir / f"builtin-{major}", locale=locale)
                started[major] = stack.enter_context(made)
            return started[major]

        yield start


LOCALES = {
    14: (Locale("libc", "C", "C.utf8", "", ""),),
    17: (
        Locale("libc", "C.utf8", "C", "", ""),
        Locale("builtin", "C", "C", "C.UTF-8", ""),
    ),
}


@pytest.mark.parametrize(
    ("major", "locale"), [(major, each) for major, all_ in LOCALES.items() for each in all_]
)
def test_a_draft_has_the_locale_of_the_backup(
    major: int, locale: Locale, server: Callable[[int], PostgresServer]
) -> None:
    target = Source(server(major), f"sorted by {locale}")
    backup = replace(BACKUP, properties=replace(UNSET, locale=locale))
    with draft(connection(target), backup, HIDE, silent):
        pass
    with asking(connection(target), HIDE) as cursor:
        there = read_properties(cursor, target.name)
    assert there is not None
    assert there.locale == locale


@pytest.mark.long
@pytest.mark.parametrize(
    ("major", "locale"),
    few(
        [
            (18, Locale("libc", "xx_YY.UTF-8", "xx_YY.UTF-8", "", "")),
            (14, Locale("libc", "xx_YY.UTF-8", "xx_YY.UTF-8", "", "")),
            (14, Locale("icu", "C", "C", "de", "")),
            (15, Locale("builtin", "C", "C", "C.UTF-8", "")),
            (15, Locale("icu", "C", "C", "de", "&a < b")),
            (17, Locale("builtin", "C", "C", "PG_UNICODE_FAST", "")),
        ],
        2,
    ),
)
def test_a_locale_that_the_server_cannot_have_is_warned_of(
    major: int, locale: Locale, server: Callable[[int], PostgresServer]
) -> None:
    target = Source(server(major), f"unsorted by {locale}")
    told: list[str] = []
    backup = replace(BACKUP, properties=replace(UNSET, locale=locale))
    with draft(connection(target), backup, HIDE, told.append):
        pass
    (warning,) = told
    assert f"cannot have the locale {locale}" in warning
    assert exists(connection(target), HIDE)


def test_who_merely_looks_at_the_whole_database_does_not_keep_it_from_its_name(
    server: Callable[[int], PostgresServer],
) -> None:
    target = Connection.parse(server(18).dsn("looked at"))
    with draft(target, BACKUP, HIDE, silent) as unfinished:
        looking = psycopg2.connect(unfinished.conninfo({}), password=unfinished.password)
    with closing(looking), pytest.raises(psycopg2.OperationalError):
        looking.cursor().execute("SELECT 1")
    assert exists(target, HIDE)


@pytest.mark.long
@pytest.mark.parametrize("major", [14, 18])
def test_a_whole_database_that_cannot_be_named_is_kept_and_told(
    major: int, source: Callable[..., Source]
) -> None:
    made = source(major, "CREATE ROLE maker LOGIN CREATEDB PASSWORD 'pw'")
    named = Connection.parse(made.server.dsn("kept"))
    maker = Connection({**named.parameters, "user": "maker"}, "pw")
    looking = []

    def fill() -> None:
        with draft(maker, BACKUP, HIDE, silent, patience=0) as unfinished:
            # A superuser's session is not the maker's to end.
            name = unfinished.parameters["dbname"]
            looking.append(psycopg2.connect(made.server.dsn(name)))

    with pytest.raises(RestoreFailed, match="the database is there, whole, but named") as failure:
        fill()
    (name,) = unfinished_databases(named.replace(dbname="postgres"), HIDE)
    command = f'ALTER DATABASE "{name}" RENAME TO "kept"'
    assert command in failure.value.hint
    looking[0].close()
    Source(made.server, "postgres").run(command)
    assert exists(named, HIDE)
    Source(made.server, "postgres").run("DROP DATABASE kept")
    made.run("DROP ROLE maker")


def test_a_name_that_somebody_else_took_meanwhile_leaves_the_whole_database(
    source: Callable[..., Source],
) -> None:
    taken = source()
    with (
        pytest.raises(RestoreFailed, match=r"whole, but named .* already exists"),
        draft(connection(taken), BACKUP, HIDE, silent),
    ):
        pass
    admin = Source(taken.server, "postgres")
    (name,) = unfinished_databases(connection(admin), HIDE)
    admin.run(f'DROP DATABASE "{name}"')

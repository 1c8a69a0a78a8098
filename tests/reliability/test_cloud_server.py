"""The server "as a cloud gives it" is one: its customers meet there what customers meet."""

from collections.abc import Callable

import psycopg2
import pytest

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from tests.support.cloud_server import ADMITTED, FENCED, MASTER, OWNER, CloudServer
from tests.support.databases import query
from tests.support.restores import plain_dump

CloudServers = Callable[[int], CloudServer]

MAJORS = [
    pytest.param(14, marks=pytest.mark.long),
    pytest.param(16, marks=pytest.mark.long),
    18,
]
majors = pytest.mark.parametrize("major", MAJORS)


@majors
def test_nobody_is_superuser_but_the_provider(major: int, cloud_server: CloudServers) -> None:
    cloud = cloud_server(major)
    asked = cloud.seen_by(MASTER).rows("SELECT rolname FROM pg_roles WHERE rolsuper")
    assert asked == [(cloud.provider,)]


@majors
def test_there_is_no_database_postgres(major: int, cloud_server: CloudServers) -> None:
    with pytest.raises(psycopg2.OperationalError, match='"postgres" does not exist'):
        cloud_server(major).seen_by(MASTER, "postgres").rows("SELECT 1")


PROVIDERS_ALONE = (
    "CREATE EXTENSION file_fdw",
    "CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION pg_catalog.cloud_watch()",
    "CREATE PUBLICATION p FOR ALL TABLES",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {provider} GRANT ALL ON TABLES TO PUBLIC",
    "COMMENT ON EXTENSION pg_stat_statements IS 'mine'",
    "SET SESSION AUTHORIZATION {provider}",
)


@majors
@pytest.mark.parametrize("role", [MASTER, OWNER])
def test_what_a_dump_holds_of_the_provider_is_refused_to_customers(
    role: str, major: int, cloud_server: CloudServers
) -> None:
    cloud = cloud_server(major)
    there = cloud.seen_by(role)
    there.run("CREATE DATABASE refusing")
    try:
        for statement in PROVIDERS_ALONE:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                there.beside("refusing").run(statement.format(provider=cloud.provider))
    finally:
        there.run("DROP DATABASE refusing")


@majors
def test_a_customers_dump_holds_what_is_the_providers(
    major: int, cloud_server: CloudServers, tools: ClientTools
) -> None:
    cloud = cloud_server(major)
    there = cloud.seen_by(OWNER)
    there.run("CREATE DATABASE dumped")
    try:
        dump = plain_dump(tools, major, there.beside("dumped").own).decode().replace('"', "")
    finally:
        there.run("DROP DATABASE dumped")
    assert "CREATE EXTENSION IF NOT EXISTS pg_stat_statements" in dump
    assert "COMMENT ON EXTENSION pg_stat_statements" in dump
    assert "CREATE EVENT TRIGGER cloud_watch" in dump
    assert f"ALTER DEFAULT PRIVILEGES FOR ROLE {cloud.provider} IN SCHEMA public" in dump
    assert f"GRANT ALL ON FUNCTION pg_catalog.pg_stat_reset() TO {cloud.group}" in dump
    # Of `public` itself a pg_dump before 15 says nothing.
    assert ("SECURITY LABEL FOR cloud ON SCHEMA public" in dump) == (major > 14)


@majors
@pytest.mark.parametrize("role", [MASTER, OWNER, FENCED])
def test_a_session_that_sets_nothing_aside_is_hurried_and_read_only(
    role: str, major: int, cloud_server: CloudServers
) -> None:
    dsn = cloud_server(major).seen_by(role).dsn
    assert query(dsn, "SHOW default_transaction_read_only") == [("on",)]
    # With so little time PostgreSQL forgets now and then who cancelled it.
    with pytest.raises(psycopg2.errors.QueryCanceled):
        query(dsn, "SELECT pg_sleep(300)")


@pytest.mark.long
@majors
def test_whom_pg_hba_fences_in_reaches_only_what_it_names(
    major: int, cloud_server: CloudServers
) -> None:
    there = cloud_server(major).seen_by(FENCED)
    there.run(f'CREATE DATABASE "{ADMITTED[0]}"')
    there.run("CREATE DATABASE unnamed")
    try:
        assert there.beside(ADMITTED[0]).rows("SELECT 1") == [(1,)]
        with pytest.raises(psycopg2.OperationalError, match=r"pg_hba.conf rejects"):
            there.beside("unnamed").rows("SELECT 1")
    finally:
        there.run(f'DROP DATABASE "{ADMITTED[0]}"')
        there.run("DROP DATABASE unnamed")

"""Some database of the server lets us in, whatever it is called."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.restoring.rehearse import rehearse
from snapper.engines.postgresql.target.content import exists
from snapper.engines.postgresql.target.draft import draft
from snapper.engines.postgresql.target.maintenance import maintenance
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import DatabaseUnreachable
from snapper.values.redaction import Redactor
from tests.support.databases import query
from tests.support.engines import postgresql
from tests.support.manifests import manifest

HIDE = Redactor()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[PostgresServer]:
    """Give a server without a database `postgres`, of a user with none of its own."""
    place = run_dir / tmp_path_factory.mktemp("without-postgres").name
    with PostgresServer(18, place, tcp=True) as made:
        query(made.dsn("template1"), "CREATE ROLE maker LOGIN CREATEDB PASSWORD 'pw'")
        query(made.dsn("template1"), "DROP DATABASE postgres")
        yield made


def as_maker(server: PostgresServer, database: str) -> Connection:
    return Connection.parse(f"postgresql://maker:pw@127.0.0.1:{server.port}/{database}")


@pytest.mark.parametrize(
    ("only", "found"), [("named", "named"), ("defaultdb", "defaultdb"), ("maker", "maker")]
)
def test_the_first_that_lets_us_in_is_taken(only: str, found: str, bare: PostgresServer) -> None:
    admin = bare.dsn("template1")
    query(admin, f"CREATE DATABASE {only} TEMPLATE template0 OWNER maker")
    query(admin, "REVOKE CONNECT ON DATABASE template1 FROM PUBLIC")
    try:
        given = maintenance(as_maker(bare, "named"), HIDE)
        assert given.parameters["dbname"] == found
    finally:
        query(admin, "GRANT CONNECT ON DATABASE template1 TO PUBLIC")
        query(admin, f"DROP DATABASE {only} WITH (FORCE)")


def test_a_database_is_made_where_there_is_no_postgres(bare: PostgresServer) -> None:
    target = as_maker(bare, "anew")
    with draft(target, Recorded("18.1", "UTF8", ()), HIDE, print):
        assert not exists(target, HIDE)
    assert exists(target, HIDE)
    query(bare.dsn("template1"), "DROP DATABASE anew")


def test_commands_without_snapper_go_by_the_one_that_is_there(
    bare: PostgresServer, tools: ClientTools
) -> None:
    target = as_maker(bare, "anew").text
    backup = manifest(server_version="18.1", encoding="UTF8")
    found = rehearse(target, backup, tools, may_create=True)
    lines = postgresql(tools).stock_commands("bucket", backup, target, found)
    (make,) = [line for line in lines if "CREATE DATABASE" in line]
    assert "dbname=template1" in make


def test_where_none_lets_us_in_all_that_were_tried_are_named(bare: PostgresServer) -> None:
    query(bare.dsn("template1"), "REVOKE CONNECT ON DATABASE template1 FROM PUBLIC")
    try:
        with pytest.raises(DatabaseUnreachable, match='"postgres" does not exist') as told:
            maintenance(as_maker(bare, "anew"), HIDE)
    finally:
        query(bare.dsn("template1"), "GRANT CONNECT ON DATABASE template1 TO PUBLIC")
    assert "anew, postgres, template1, defaultdb, maker" in told.value.hint


def test_a_wrong_password_is_sent_once(bare: PostgresServer) -> None:
    wrong = Connection(dict(as_maker(bare, "anew").parameters), "wr0ng")
    before = bare.log.read_text().count("password authentication failed")
    with pytest.raises(DatabaseUnreachable, match="password authentication failed"):
        maintenance(wrong, HIDE)
    assert bare.log.read_text().count("password authentication failed") == before + 1

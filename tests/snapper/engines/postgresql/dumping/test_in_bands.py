"""Several pg_dumps make one dump: restored and dumped again it is that of a single one."""

import re
from collections.abc import Callable
from dataclasses import replace

import psycopg2
import pytest

from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.values.options import Options
from snapper.values.secrets import Database
from tests.support import banded, shop
from tests.support.databases import EVERY_MAJOR, Source, query
from tests.support.engines import postgresql
from tests.support.odd_tables import ODD_TABLES
from tests.support.restores import EMPTY, awkward, plain_dump, run_psql, without_token

TWO = "CREATE TABLE a AS SELECT 1 AS n; CREATE TABLE b AS SELECT 2 AS n"
LEFT_OUT_SQL = """
CREATE SCHEMA scratch; CREATE TABLE scratch.t AS SELECT 1 AS n;
CREATE SCHEMA "a.b*"; CREATE TABLE "a.b*"."Gr.öße""x" AS SELECT 'odd rows' AS v;
CREATE TABLE "a.b*".stays AS SELECT 'stays here' AS v; CREATE TABLE stays AS SELECT 1 AS n;
CREATE TABLE events (at date, v text) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO events VALUES ('2026-05-05', 'an event')
"""
LEFT_OUT = Options(
    exclude_schemas=("scratch",),
    exclude_tables=('"a.b*"."Gr.öße""x"',),
    exclude_table_data=("public.events",),
)

_BLOCK = re.compile(rb"(?m)^(?=--\n-- )")

Server = Callable[[int], PostgresServer]
Make = Callable[..., Source]


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    banded.small_is_large(monkeypatch)


def require_same(tools: ClientTools, made: Source, source: Make, major: int, jobs: int = 3) -> None:
    """Dump in bands, restore by psql, dump by one pg_dump: it gives what that gives of the first.

    Nor is there another statement in the joined text, or one twice.
    """
    text = banded.joined(tools, made.database(), jobs)
    alone = plain_dump(tools, major, made.dsn)
    assert sorted(_BLOCK.split(without_token(text))) == sorted(_BLOCK.split(alone))
    copy = source(major, EMPTY)
    run_psql(tools, major, copy.dsn, text)
    assert plain_dump(tools, major, copy.dsn) == alone


@pytest.mark.parametrize("major", EVERY_MAJOR)
def test_joined_it_is_the_dump_of_one_program(
    tools: ClientTools, server: Server, source: Make, major: int
) -> None:
    made = awkward(source, server(major))
    require_same(tools, made, source, major)


@pytest.mark.parametrize("major", EVERY_MAJOR)
def test_of_tables_with_odd_names_and_all_that_belongs_to_them(
    tools: ClientTools, server: Server, source: Make, major: int
) -> None:
    query(server(major).dsn(), shop.ROLES)
    made = source(major, ODD_TABLES)
    require_same(tools, made, source, major, jobs=8)


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("LATIN1", [b"m\xfcller", b'"', b"a.b", b"Upper", b"a\nb", b"*", b"$(x)", b"-t"]),
        ("SQL_ASCII", [b"m\xfcller", "müller".encode(), rb"m\xfcller", b"\xff\xfe"]),
        pytest.param(
            "EUC_JP",
            ["テーブル".encode("euc-jp"), "〜".encode("euc-jp"), b"plain"],
            marks=pytest.mark.long,
        ),
        ("UTF8", ["é" * 31, "名前", "a\\b", "x y; DROP TABLE z", "\t", "%s", "(a|b)+?"]),
    ],
)
def test_of_tables_of_any_name_in_the_databases_encoding(
    tools: ClientTools, server: Server, source: Make, encoding: str, names: list[str | bytes]
) -> None:
    admin = Source(server(18), "postgres")
    for name in ("of names", "its copy"):
        admin.run(f'DROP DATABASE IF EXISTS "{name}"')
        admin.run(
            f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING '{encoding}'"
            " LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    made = admin.beside("of names")
    link = psycopg2.connect(made.dsn, client_encoding="SQL_ASCII")
    for number, written in enumerate(names):
        octets = written if isinstance(written, bytes) else written.encode()
        own = b'"' + octets.replace(b'"', b'""') + b'"'
        link.cursor().execute(
            b"CREATE SCHEMA %b; CREATE TABLE %b.%b (%b serial, n int);" % (own, own, own, own)
            + b"INSERT INTO %b.%b VALUES (9, %d)" % (own, own, number)
        )
    link.commit()
    link.close()
    text = banded.joined(tools, made.database(), jobs=3)
    alone = plain_dump(tools, 18, made.dsn, encoding=encoding)
    assert sorted(_BLOCK.split(without_token(text))) == sorted(_BLOCK.split(alone))
    run_psql(tools, 18, admin.beside("its copy").dsn, text)
    assert plain_dump(tools, 18, admin.beside("its copy").dsn, encoding=encoding) == alone


def test_of_what_the_options_leave_in(tools: ClientTools, source: Make) -> None:
    made = source(17, LEFT_OUT_SQL)
    database = replace(made.database(), options=LEFT_OUT)
    facts = postgresql(tools).inspect(database, banded.PATIENCE)
    alone = plain_dump(tools, 17, made.dsn, *facts.arguments)
    text = banded.joined(tools, database, jobs=8)
    assert sorted(_BLOCK.split(without_token(text))) == sorted(_BLOCK.split(alone))
    assert b"odd rows" not in text
    assert b"stays here" in text


def test_of_extensions_that_have_rows_dumped(tools: ClientTools, extended: Source) -> None:
    made = extended.create("with lands")
    made.run(
        "CREATE EXTENSION lands; INSERT INTO known_lands VALUES (3); "
        "CREATE TABLE own AS SELECT 1 AS n; CREATE TABLE other AS SELECT 1 AS n"
    )
    alone = plain_dump(tools, 18, made.dsn)
    text = banded.joined(tools, made.database())
    assert b"known_lands" in text
    assert sorted(_BLOCK.split(without_token(text))) == sorted(_BLOCK.split(alone))


def test_of_the_moment_at_which_it_began(tools: ClientTools, source: Make) -> None:
    made = source(17, TWO)
    alone = plain_dump(tools, 17, made.dsn)
    with banded.in_bands(tools, made.database()) as bands:
        made.run("INSERT INTO a VALUES (8); DELETE FROM b")
        made.run("CREATE TABLE new AS SELECT 1 AS n; CREATE VIEW seen AS SELECT * FROM a")
        text = b"".join(banded.texts(bands))
    assert sorted(_BLOCK.split(without_token(text))) == sorted(_BLOCK.split(alone))


def test_rights_that_are_taken_from_an_owner_come_when_the_rows_are_there(
    tools: ClientTools, source: Make
) -> None:
    made = source(17, EMPTY)
    made.run(
        "CREATE ROLE archivist LOGIN PASSWORD 'pw'; GRANT CREATE ON SCHEMA public TO archivist;"
        "SET ROLE archivist; CREATE TABLE kept AS SELECT 1 AS n; "
        "ALTER TABLE kept ADD PRIMARY KEY (n); CREATE TABLE near (n int REFERENCES kept); "
        "REVOKE ALL ON kept, near FROM archivist"
    )
    copy = source(17, EMPTY)
    try:
        text = banded.joined(tools, made.database())
        copy.run(f'ALTER DATABASE "{copy.name}" OWNER TO archivist')
        run_psql(tools, 17, copy.as_role("archivist", "pw"), text)
        assert copy.rows("SELECT * FROM kept") == [(1,)]
    finally:
        made.run("DROP OWNED BY archivist")
        copy.run("REASSIGN OWNED BY archivist TO postgres; DROP OWNED BY archivist")
        copy.run("DROP ROLE archivist")


def test_by_a_role_that_may_only_read(tools: ClientTools, source: Make) -> None:
    made = source(17, TWO)
    made.run("CREATE ROLE \"only reads\" LOGIN PASSWORD 'pw' IN ROLE pg_read_all_data")
    try:
        alone = plain_dump(tools, 17, made.dsn)
        database = Database("orders", made.as_role("only reads", "pw"), 2)
        text = banded.joined(tools, database)
        assert sorted(_BLOCK.split(without_token(text))) == sorted(_BLOCK.split(alone))
    finally:
        made.run('DROP ROLE "only reads"')

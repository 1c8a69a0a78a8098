"""A comparison that would overlook a difference proves nothing: so it is shown each kind."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql
from psycopg2.extensions import make_dsn

from bin.pg_dump.layer import client_root
from local.demo import sample
from local.demo.compare import Comparison, compare
from local.demo.definitions import SchemaDump
from local.demo.fault import Fault
from local.demo.reload import compare_definitions
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.naming.encoding import NO_ENCODING
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine.run_directory import run_directory
from tests.support.differences import CHANGES, SUBTLE
from tests.support.few import few

SHOP = sample.SAMPLES[0]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with (
        run_directory() as directory,
        PostgresServer(SHOP.major, directory / "server") as server,
    ):
        sample.write(SHOP, server.dsn(), server.dsn(SHOP.name))
        yield server


@pytest.fixture
def twin(server: PostgresServer) -> str:
    """A true copy of the sample: its files, made by the server itself."""
    with closing(psycopg2.connect(server.dsn())) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            copy = sql.SQL("CREATE DATABASE twin TEMPLATE {}").format(sql.Identifier(SHOP.name))
            cursor.execute("DROP DATABASE IF EXISTS twin")
            cursor.execute(copy)
    return server.dsn("twin")


def judge(server: PostgresServer, twin: str, change: str = "") -> Comparison:
    if change:
        with (
            closing(psycopg2.connect(twin)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(change)
    return whole(server.dsn(SHOP.name), twin)


def whole(left: str, right: str, encoding: str = "UTF8") -> Comparison:
    """Compare rows and definitions."""
    compared = compare(left, right)
    dump = SchemaDump(ClientTools(client_root()), SHOP.major, encoding)
    defined = compare_definitions(left, right, dump)
    return replace(compared, differences=(*compared.differences, *defined.differences))


def test_a_true_copy_is_identical(server: PostgresServer, twin: str) -> None:
    comparison = judge(server, twin)
    assert comparison.identical
    assert comparison.tables == 13
    assert comparison.rows > 15_000
    assert comparison.large_objects == 4


@pytest.mark.parametrize(
    ("change", "difference"),
    [*SUBTLE, *(pytest.param(*each, marks=pytest.mark.long) for each in CHANGES)],
)
def test_one_difference_is_found_and_named(
    server: PostgresServer, twin: str, change: str, difference: str
) -> None:
    comparison = judge(server, twin, change)
    assert not comparison.identical
    assert difference in comparison.differences


@pytest.mark.parametrize(
    ("change", "remark"),
    few(
        [
            ("REFRESH MATERIALIZED VIEW monthly WITH NO DATA", "is not filled in the copy"),
            (
                # A view that was not filled again since the orders changed.
                "SET session_replication_role = replica;"
                "UPDATE orders SET gross = gross + 1; REFRESH MATERIALIZED VIEW monthly;"
                "UPDATE orders SET gross = gross - 1",
                "which is no difference: ",
            ),
        ]
    ),
)
def test_a_view_that_was_filled_at_another_time_is_remarked_and_no_difference(
    server: PostgresServer, twin: str, change: str, remark: str
) -> None:
    comparison = judge(server, twin, change)
    assert comparison.identical
    (found,) = comparison.remarks
    assert found.startswith("materialized view public.monthly ")
    assert remark in found


def test_every_difference_is_found_and_named_among_all_others(
    server: PostgresServer, twin: str
) -> None:
    comparison = judge(server, twin, ";".join(change for change, _ in CHANGES))
    assert not comparison.identical
    assert [told for _, told in CHANGES if told not in comparison.differences] == []


def test_differences_hold_no_value_of_a_row(server: PostgresServer, twin: str) -> None:
    comparison = judge(server, twin, "UPDATE customers SET name = 'a very private name'")
    assert not comparison.identical
    assert not any("private" in difference for difference in comparison.differences)


@pytest.mark.long
def test_a_long_list_of_differences_is_cut_to_a_screen(server: PostgresServer, twin: str) -> None:
    many = "DO $$ BEGIN FOR n IN 1..50 LOOP EXECUTE 'CREATE TABLE t' || n || '()'; END LOOP; END $$"
    tables = [found for found in judge(server, twin, many).differences if "table" in found.lower()]
    assert "tables: 30 more" in tables


def twins(server: PostgresServer, encoding: str, *names: bytes) -> tuple[str, str]:
    """Make two databases of an encoding with tables of these names, of one row each."""
    made = server.dsn("left"), server.dsn("right")
    for name, dsn in zip(("left", "right"), made, strict=True):
        with closing(psycopg2.connect(server.dsn())) as link, link.cursor() as cursor:
            link.autocommit = True
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(
                f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING '{encoding}'"
                " LC_COLLATE 'C' LC_CTYPE 'C'"
            )
        with closing(psycopg2.connect(dsn)) as link, link, link.cursor() as cursor:
            for table in names:
                cursor.execute(b'CREATE TABLE "' + table + b'" AS SELECT 1 AS n')
                cursor.execute(b'CREATE SEQUENCE "' + table + b' s"')
    return made


@pytest.mark.parametrize(
    ("encoding", "name", "told"),
    few(
        [
            ("LATIN1", "tä".encode("latin-1"), "tä"),
            ("WIN1252", b"10 \x80", "10 €"),
            ("SQL_ASCII", "tä".encode(), "tä"),
            ("SQL_ASCII", b"t\xe4", r"t\xe4"),
        ],
        2,
    ),
)
def test_tables_of_whatever_name_and_encoding_are_compared(
    server: PostgresServer, encoding: str, name: bytes, told: str
) -> None:
    left, right = twins(server, encoding, name)
    dumped = encoding if encoding == NO_ENCODING else "UTF8"
    assert whole(left, right, dumped).identical
    with closing(psycopg2.connect(right)) as link, link, link.cursor() as cursor:
        cursor.execute(b'INSERT INTO "' + name + b'" VALUES (2)')
    (difference,) = whole(left, right, dumped).differences
    assert difference.startswith(f"table public.{told}: 0 rows only in the source, 1 only")


@pytest.mark.parametrize("changed", few([b"t\xe4", rb"t\xe4"]))
def test_names_that_read_the_same_are_two_tables_all_the_same(
    server: PostgresServer, changed: bytes
) -> None:
    left, right = twins(server, NO_ENCODING, b"t\xe4", rb"t\xe4")
    assert whole(left, right, NO_ENCODING).tables == 2
    with closing(psycopg2.connect(right)) as link, link, link.cursor() as cursor:
        cursor.execute(b'ALTER TABLE "' + changed + b'" ADD CHECK (n > 0)')
        cursor.execute(b'INSERT INTO "' + changed + b'" VALUES (2)')
        cursor.execute(b"SELECT nextval('\"" + changed + b" s\"')")
    kinds = [told.partition(" ")[0] for told in whole(left, right, NO_ENCODING).differences]
    assert kinds == ["table", "sequence", "definition"]


@pytest.mark.parametrize(
    ("closed", "rest", "why", "fix"),
    [
        (
            "CREATE MATERIALIZED VIEW hidden AS SELECT 1 AS a",
            1,
            'materialized view public.hidden was not compared: the role a "reader" has no SELECT '
            "right on it",
            'GRANT SELECT ON "public"."hidden" TO "a ""reader"""',
        ),
        (
            "CREATE TABLE hidden (a int, b int); GRANT SELECT (a) ON hidden TO PUBLIC",
            1,
            'table public.hidden was not compared: the role a "reader" has no SELECT right on it',
            'GRANT SELECT ON "public"."hidden" TO "a ""reader"""',
        ),
        (
            "CREATE TABLE open (a int, b int); GRANT SELECT (a, b) ON open TO PUBLIC;"
            "CREATE SEQUENCE hidden",
            2,
            'sequence public.hidden was not compared: the role a "reader" has no SELECT right '
            "on it",
            'GRANT SELECT ON "public"."hidden" TO "a ""reader"""',
        ),
        (
            "CREATE SCHEMA hidden; CREATE TABLE hidden.t (); GRANT SELECT ON hidden.t TO PUBLIC",
            1,
            'table hidden.t was not compared: the role a "reader" has no USAGE right on its schema',
            'GRANT USAGE ON SCHEMA "hidden" TO "a ""reader"""',
        ),
        (
            "CREATE TABLE hidden (); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;"
            "GRANT SELECT ON hidden TO PUBLIC",
            1,
            "table public.hidden was not compared: row-level security may hide rows of it from the "
            'role a "reader"',
            'ALTER ROLE "a ""reader""" BYPASSRLS',
        ),
    ],
)
def test_what_may_not_be_read_is_named_with_the_right_that_is_missing(
    server: PostgresServer, closed: str, rest: int, why: str, fix: str
) -> None:
    left, right = twins(server, "UTF8", b"t")
    for dsn in (left, right):
        with closing(psycopg2.connect(dsn)) as link, link, link.cursor() as cursor:
            cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC")
            cursor.execute("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO PUBLIC")
            cursor.execute(closed)
    with closing(psycopg2.connect(server.dsn())) as link, link, link.cursor() as cursor:
        cursor.execute('DROP ROLE IF EXISTS "a ""reader"""')
        cursor.execute("""CREATE ROLE "a ""reader\""" LOGIN PASSWORD 'reader'""")
    reader = make_dsn(left, user='a "reader"', password="reader")
    comparison = compare(reader, right)
    assert comparison.unread == (Fault(why, fix),)
    assert not comparison.identical, "what nobody looked at is not called identical"
    assert (comparison.differences, comparison.tables) == ((), rest)


def test_rights_on_a_large_object_that_are_spelled_out_are_the_owners_default(
    server: PostgresServer,
) -> None:
    left, right = twins(server, "UTF8")
    for dsn, grant in ((left, ""), (right, "; GRANT ALL ON LARGE OBJECT 4711 TO CURRENT_USER")):
        with closing(psycopg2.connect(dsn)) as link, link, link.cursor() as cursor:
            cursor.execute(f"SELECT lo_create(4711){grant}")
    assert compare(left, right).identical
    with closing(psycopg2.connect(right)) as link, link, link.cursor() as cursor:
        cursor.execute("GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC")
    assert not compare(left, right).identical


def test_the_samples_name_is_as_awkward_as_promised(server: PostgresServer, tmp_path: Path) -> None:
    assert {'"', "$", "%", "&", ";", " "} <= set(SHOP.name)
    assert {"@", ":", "/", ",", "|", "%", "&"} <= set(sample.AWKWARD)

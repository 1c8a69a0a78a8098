"""What pg_dump writes moves from restore to restore: that is no difference, and hides none."""

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from bin.pg_dump.layer import client_root
from local.demo.definitions import SchemaDump
from local.demo.reload import Definitions, compare_definitions
from snapper.engines.facts import PLAINLY
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.recorded import Recorded
from snapper.engines.postgresql.restoring.restore import restore
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.machine.run_directory import run_directory

MOVING = {
    "POLICY public.items p": "CREATE POLICY p ON items TO zz_first, aa_second USING (true)",
    "VIEW public.chosen": "CREATE VIEW chosen AS SELECT * FROM items WHERE word IN ('a', 'b')",
    "CHECK CONSTRAINT public.items c": "ALTER TABLE items ADD CONSTRAINT c"
    " CHECK (word IN ('a', 'b')) NOT VALID",
    "INDEX public.partial": "CREATE INDEX partial ON items (id) WHERE word IN ('a', 'b')",
    "EXTENSION plpgsql": "DROP EXTENSION plpgsql; CREATE EXTENSION plpgsql",
}
"""Definitions that come back in other words, by their names."""

BASE = """
    CREATE TABLE items (id int DEFAULT 1, word varchar(10));
    CREATE INDEX by_word ON items (word);
    CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
    GRANT SELECT ON items TO aa_second;
"""


TRUE = (
    ("DROP INDEX by_word", "definition INDEX public.by_word is only in the source"),
    ("CREATE INDEX more ON items (id)", "definition INDEX public.more is only in the copy"),
    (
        "ALTER TABLE items ALTER id SET DEFAULT 2",
        "definition TABLE public.items differs",
    ),
    (
        "GRANT INSERT ON items TO aa_second",
        'definition ACL public.TABLE "items" differs',
    ),
    (
        "DROP POLICY p ON items; CREATE POLICY p ON items TO zz_first USING (true)",
        "definition POLICY public.items p differs",
    ),
    (
        "CREATE OR REPLACE VIEW chosen AS SELECT * FROM items WHERE word IN ('a', 'c')",
        "definition VIEW public.chosen differs",
    ),
    (
        "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "definition FUNCTION public.one() differs",
    ),
    ("ALTER TABLE items OWNER TO zz_first", "definition TABLE public.items differs"),
)
"""Changes of a copy, and what is told of each."""


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """The source's server, and another one that has the same roles, made in another order."""
    with (
        run_directory() as directory,
        PostgresServer(15, directory / "source") as source,
        PostgresServer(15, directory / "copies") as copies,
    ):
        execute(source.dsn(), "CREATE ROLE zz_first; CREATE ROLE aa_second")
        execute(copies.dsn(), "CREATE ROLE aa_second; CREATE ROLE zz_first")
        yield source, copies


@pytest.fixture
def source(servers: tuple[PostgresServer, PostgresServer]) -> str:
    return fresh(servers[0], "source")


@pytest.fixture
def copy(servers: tuple[PostgresServer, PostgresServer]) -> str:
    return fresh(servers[1], "copy")


def fresh(server: PostgresServer, name: str) -> str:
    execute(server.dsn(), f"DROP DATABASE IF EXISTS {name}")
    execute(server.dsn(), f"CREATE DATABASE {name}")
    return server.dsn(name)


def execute(dsn: str, statements: str) -> None:
    with closing(psycopg2.connect(dsn)) as link, link.cursor() as cursor:
        link.autocommit = True
        cursor.execute(statements)


def dumping() -> SchemaDump:
    return SchemaDump(ClientTools(client_root()), 15)


def restored(source: str, copy: str, change: str = "", path: str = "") -> Definitions:
    """Restore a backup of the source, change the copy, and compare."""
    dump = dumping()
    restore([dump(source)], Recorded("", "UTF8", (), search_path=path), copy, PLAINLY)
    if change:
        execute(copy, change)
    return compare_definitions(source, copy, dump)


@pytest.mark.long
@pytest.mark.parametrize("name", MOVING)
def test_other_words_for_the_same_definition_are_no_difference(
    source: str, copy: str, name: str
) -> None:
    execute(source, BASE + MOVING[name])
    found = restored(source, copy)
    assert found.differences == ()
    (note,) = found.notes
    assert name in note, "what was written anew is named"


def test_other_words_for_many_definitions_are_no_difference(source: str, copy: str) -> None:
    execute(source, BASE + ";".join(MOVING.values()))
    found = restored(source, copy)
    assert found.differences == ()
    assert sum(name in found.notes[0] for name in MOVING) > 2, "the first few are named"


def test_names_without_a_schema_are_found_on_the_path_of_the_source(source: str, copy: str) -> None:
    execute(
        source,
        "CREATE SCHEMA app; ALTER DATABASE source SET search_path TO app; SET search_path TO app;"
        "CREATE FUNCTION slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';"
        "CREATE FUNCTION path_of(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT slug($1)';"
        "CREATE TABLE pages (word text); CREATE INDEX by_path ON pages (path_of(word))",
    )
    execute(source, f"SET search_path = public; {BASE} {MOVING['VIEW public.chosen']}")
    assert restored(source, copy, path="app").differences == ()


def test_texts_that_are_the_same_need_no_second_copy_and_no_note(source: str, copy: str) -> None:
    execute(source, BASE)
    assert restored(source, copy) == Definitions(())


@pytest.mark.long
@pytest.mark.parametrize(("change", "difference"), TRUE)
def test_a_true_difference_is_found_among_those_that_are_none(
    source: str, copy: str, change: str, difference: str
) -> None:
    execute(source, BASE + ";".join(MOVING.values()))
    assert difference in restored(source, copy, change).differences


@pytest.mark.long
def test_all_true_differences_are_found_among_those_that_are_none(source: str, copy: str) -> None:
    execute(source, BASE + ";".join(MOVING.values()))
    found = restored(source, copy, ";".join(change for change, _ in TRUE)).differences
    assert [told for _, told in TRUE if told not in found] == []


def test_constants_do_not_depend_on_what_is_set_on_a_database(source: str, copy: str) -> None:
    execute(
        source,
        "CREATE VIEW v AS SELECT '2020-01-01 12:00+01'::timestamptz AS t, '12'::money AS m,"
        r" '\x00ff'::bytea AS b",
    )
    execute(source, "ALTER DATABASE source SET TimeZone = 'Asia/Tokyo'")
    execute(source, "ALTER DATABASE source SET bytea_output = 'escape'")
    execute(source, "ALTER DATABASE source SET quote_all_identifiers = 'on'")
    assert restored(source, copy) == Definitions(())


@pytest.mark.long
def test_a_source_that_cannot_be_restored_twice_is_compared_as_it_is(
    source: str, copy: str, servers: tuple[PostgresServer, PostgresServer]
) -> None:
    execute(source, BASE + MOVING["VIEW public.chosen"])
    execute(servers[0].dsn(), "DROP ROLE IF EXISTS newcomer; CREATE ROLE newcomer")
    restored(source, copy)
    execute(source, "ALTER TABLE items OWNER TO newcomer")
    found = compare_definitions(source, copy, dumping())
    execute(source, "ALTER TABLE items OWNER TO CURRENT_USER")
    assert "definition TABLE public.items differs" in found.differences
    (note,) = found.notes
    assert 'role "newcomer" does not exist' in note


def test_what_no_restore_here_makes_is_not_said_to_be_in_other_words(
    source: str, copy: str
) -> None:
    execute(
        source,
        "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p"
        " WITH (connect = false, slot_name = NONE)",
    )
    compared = compare_definitions(source, copy, dumping())
    execute(source, "DROP SUBSCRIPTION s")
    (note,) = compared.notes
    assert note.startswith("after any restore here pg_dump writes nothing of these")
    assert note.endswith(": SUBSCRIPTION s")
    assert compared.differences == ()


def test_nothing_is_left_beside_the_copy(
    source: str, copy: str, servers: tuple[PostgresServer, PostgresServer]
) -> None:
    execute(source, BASE + MOVING["VIEW public.chosen"])
    restored(source, copy)
    with closing(psycopg2.connect(servers[1].dsn())) as link, link.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")
        assert cursor.fetchall() == [("copy",), ("postgres",)]

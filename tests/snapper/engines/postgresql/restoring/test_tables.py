"""Some tables of a dump are made whole in a database that holds other things, which stay."""

from collections.abc import Callable

import pytest

from snapper.engines.facts import PLAINLY, Restoration, RestoreOptions, TableRehearsal, Wanted
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.restoring.tables import DumpTables
from snapper.errors import RestoreFailed
from tests.support.databases import Source
from tests.support.few import few
from tests.support.manifests import manifest
from tests.support.odd_tables import ODD_TABLES
from tests.support.restores import EMPTY, plain_dump

TABLES = DumpTables()
MANIFEST = manifest(server_version="18.0", roles=("shop keeper", "shop_reader", "nobody_here"))

_NAMES = """
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_|information_schema' ORDER BY 1
"""


def restore(
    dump: bytes, target: Source, wanted: Wanted, options: RestoreOptions = PLAINLY
) -> Restoration:
    some = TABLES.choose([dump], wanted)
    return TABLES.restore([dump], MANIFEST, target.dsn, some, options)


def rehearse(dump: bytes, target: Source, wanted: Wanted) -> TableRehearsal:
    return TABLES.rehearse(target.dsn, MANIFEST, TABLES.choose([dump], wanted))


def only(tools: ClientTools, database: Source, *tables: str) -> list[bytes]:
    """Give what pg_dump itself writes of some tables alone, of each thing apart."""
    dump = plain_dump(tools, 18, database.dsn, *(f"--table={table}" for table in tables))
    # Their order depends on things that are not dumped, and so does where a setting stands.
    lines = (line for line in dump.splitlines() if not line.startswith(b"SET default_"))
    return sorted(b"\n".join(filter(None, lines)).split(b"\n--\n"))


@pytest.fixture
def empty(source: Callable[..., Source]) -> Source:
    return source(18, EMPTY)


@pytest.mark.parametrize(
    "tables",
    [
        ("shop.items", "shop.makers", "shop.log"),
        ("shop.options", "shop.log"),
        ('"odd ""schema"."it\'s \\ a; table"',),
        ("shop.child", "shop.log"),
        ("shop.makers",),
    ],
)
def test_tables_are_as_pg_dump_sees_them_in_the_source(
    shop: Source, shop_dump: bytes, empty: Source, tools: ClientTools, tables: tuple[str, ...]
) -> None:
    came = restore(shop_dump, empty, Wanted(tables))
    assert not came.left_out
    assert not came.warnings
    assert only(tools, empty, *tables) == only(tools, shop, *tables)


def test_a_partitioned_table_comes_with_its_partitions(
    shop: Source, shop_dump: bytes, empty: Source, tools: ClientTools
) -> None:
    came = restore(shop_dump, empty, Wanted(("shop.times", "shop.makers")))
    assert not came.left_out
    parts = ("shop.times*", "shop.rest*", "shop.makers")
    assert only(tools, empty, *parts) == only(tools, shop, *parts)


def test_a_schema_brings_all_its_tables(
    shop: Source, shop_dump: bytes, empty: Source, tools: ClientTools
) -> None:
    came = restore(shop_dump, empty, Wanted(schemas=("shop",)))
    assert not came.left_out
    names = shop.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'shop' ORDER BY 1")
    assert names
    assert (
        empty.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'shop' ORDER BY 1") == names
    )
    assert only(tools, empty, "shop.items") == only(tools, shop, "shop.items")


def test_only_what_is_needed_is_made(shop_dump: bytes, empty: Source) -> None:
    restore(shop_dump, empty, Wanted(("shop.items",)))
    assert empty.rows("SELECT count(*) FROM pg_proc WHERE proname = 'unneeded'") == [(0,)]
    assert empty.rows("SELECT nspname FROM pg_namespace WHERE nspname ~ 'odd'") == []
    restore(shop_dump, empty, Wanted(("shop.makers",)))
    assert sorted(empty.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'shop'")) == [
        ("items",),
        ("makers",),
    ]


def test_an_extension_is_made_only_if_something_of_it_is_named(
    shop_dump: bytes, empty: Source
) -> None:
    restore(shop_dump, empty, Wanted(("shop.makers",)))
    extensions = "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1"
    assert empty.rows(extensions) == []
    dump = shop_dump.replace(b'"h" "public"."hstore"', b'"h" "text"')
    came = restore(dump, empty, Wanted(("shop.items",)))
    assert empty.rows(extensions) == [("citext",), ("pg_trgm",)]
    assert came.unneeded == ("extension hstore",)


def test_foreign_keys_that_cannot_hold_are_left_out_and_named(
    shop_dump: bytes, empty: Source
) -> None:
    restore(shop_dump, empty, Wanted(("shop.makers",)))
    empty.run("DELETE FROM shop.makers WHERE id = 2")
    came = restore(shop_dump, empty, Wanted(("shop.items",)))
    assert [(each.kind, each.name, each.sqlstate) for each in came.left_out] == [
        ("rule", "logged on shop.items", "42P01"),
        ("constraint", "items_maker_fkey on shop.items", "23503"),
    ]
    assert "2" not in came.left_out[1].reason.replace("shop", "")  # no value of a row
    assert empty.rows("SELECT count(*) FROM shop.items") == [(2,)]
    with pytest.raises(RestoreFailed):
        restore(
            shop_dump, empty, Wanted(("shop.items",), named="strict"), RestoreOptions(strict=True)
        )


def test_beside_the_table_that_is_there_another_one_is_made_and_nothing_is_changed(
    shop_dump: bytes, source: Callable[..., Source], tools: ClientTools
) -> None:
    target = source(18, EMPTY)
    restore(shop_dump, target, Wanted(schemas=("shop",)))
    target.run("ALTER FUNCTION shop.helper(int) COST 77; COMMENT ON TYPE shop.mood IS 'mine'")
    target.run("UPDATE shop.items SET parent = 1 WHERE id = 2; SELECT setval('shop.numbers', 70)")
    before = plain_dump(tools, 18, target.dsn)
    came = restore(shop_dump, target, Wanted(("shop.items",), named="monday"))
    assert not came.left_out
    assert "function shop.helper" in came.used
    assert target.rows("SELECT id, parent FROM shop.monday ORDER BY 1") == [(1, None), (2, None)]
    assert target.rows("INSERT INTO shop.monday (good) VALUES (1) RETURNING id") == [(3,)]
    target.run("DROP TABLE shop.monday")
    assert plain_dump(tools, 18, target.dsn).replace(b"71, true", b"70, true") == before


@pytest.mark.parametrize(
    "hostile",
    few(
        [
            b'ALTER TYPE "shop"."mood" OWNER TO "shop keeper";',
            b'ALTER TYPE "shop"."mood" ADD VALUE \'worse\';',
            b'ALTER SEQUENCE "shop"."numbers" RESTART WITH 1;',
            b'SELECT pg_catalog.setval(\'"shop"."numbers"\', 1, true);',
            b'CREATE OR REPLACE VIEW "shop"."mood" AS\n SELECT 1 AS "a";',
            b'GRANT ALL ON TYPE "shop"."mood" TO PUBLIC;',
            b'ALTER TABLE "shop"."makers" DISABLE ROW LEVEL SECURITY;',
            b'GRANT ALL ON TABLE "shop"."makers" TO PUBLIC;',
            b'CREATE INDEX "x" ON "shop"."makers" USING "btree" ("id");',
            b'COPY "shop"."makers" ("id") FROM stdin;\n9\n\\.\n',
            b'ALTER TABLE ONLY "shop"."makers" ATTACH PARTITION "shop"."items" DEFAULT;',
        ],
        4,
    ),
)
def test_what_is_needed_and_there_is_never_changed_whatever_a_dump_says_of_it(
    shop_dump: bytes, empty: Source, tools: ClientTools, hostile: bytes
) -> None:
    restore(shop_dump, empty, Wanted(("shop.items", "shop.makers")))
    before = plain_dump(tools, 18, empty.dsn)
    first = b'COPY "shop"."child"'
    forged = shop_dump.replace(first, hostile + b"\n" + first)
    assert forged != shop_dump
    restore(forged, empty, Wanted(("shop.items",), named="monday"))
    empty.run("DROP TABLE shop.monday")
    assert plain_dump(tools, 18, empty.dsn) == before


def test_a_child_shows_no_rows_in_a_table_that_it_inherited_from(
    shop_dump: bytes, empty: Source
) -> None:
    restore(shop_dump, empty, Wanted(("shop.log",)))
    restore(shop_dump, empty, Wanted(("shop.child",), named="child_of_monday"))
    assert empty.rows("SELECT n FROM shop.log") == [(5,)]
    assert empty.rows("SELECT n, extra FROM shop.child_of_monday") == [(6, "x")]


def test_a_partition_alone_is_a_table_and_its_whole_stays(shop_dump: bytes, empty: Source) -> None:
    restore(shop_dump, empty, Wanted(("shop.times",)))
    wanted = Wanted(("shop.times_1",), named="one")
    some = TABLES.choose([shop_dump], wanted)
    assert "is a partition of shop.times: it becomes a table of its own" in some.notes[0]
    restore(shop_dump, empty, wanted)
    assert empty.rows("SELECT id FROM shop.one") == [(1,)]
    assert empty.rows("SELECT count(*) FROM shop.times") == [(3,)]


def test_without_rows_the_table_is_empty_and_its_sequences_begin_anew(
    shop_dump: bytes, empty: Source
) -> None:
    came = restore(shop_dump, empty, Wanted(("shop.items",), rows=False))
    assert came.warnings == ()
    assert empty.rows("SELECT count(*) FROM shop.items") == [(0,)]
    assert empty.rows("SELECT nextval('shop.items_id_seq')") == [(1,)]


def test_rows_alone_go_into_a_table_that_is_there(shop_dump: bytes, empty: Source) -> None:
    wanted = Wanted(("shop.log",), definitions=False)
    assert rehearse(shop_dump, empty, wanted).absent == ("shop.log",)
    empty.run("CREATE SCHEMA shop; CREATE TABLE shop.log (more text, n int)")
    assert rehearse(shop_dump, empty, wanted).filled == ()
    restore(shop_dump, empty, wanted)
    assert empty.rows("SELECT * FROM shop.log") == [(None, 5)]
    assert rehearse(shop_dump, empty, wanted).filled == ("shop.log",)


def test_an_error_at_the_last_statement_leaves_nothing(shop_dump: bytes, empty: Source) -> None:
    last = b'GRANT SELECT ON TABLE "shop"."items"'
    broken = shop_dump.replace(last, b'ALTER TABLE "shop"."items" RENAME TO "shop";\n' + last)
    with pytest.raises(RestoreFailed):
        restore(broken.replace(b'RENAME TO "shop"', b"OWNER TO"), empty, Wanted(("shop.items",)))
    assert empty.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'") == [(0,)]
    assert empty.rows("SELECT extname FROM pg_extension") == [("plpgsql",)]


def test_what_is_there_is_known_before_anything_is_done(
    shop: Source, shop_dump: bytes, empty: Source
) -> None:
    there = rehearse(shop_dump, shop, Wanted(("shop.items",)))
    assert "shop.items" in there.present
    assert "shop.items_pkey" in there.present
    assert all(need.there for need in there.needs)
    assert {need.kind for need in there.needs} >= {"type", "domain", "function", "collation"}
    beside = rehearse(shop_dump, shop, Wanted(("shop.items",), named="monday"))
    assert beside.present == ()
    nowhere = rehearse(shop_dump, empty, Wanted(("shop.items",)))
    assert not any(need.there for need in nowhere.needs)
    assert ("extension", "citext") in [(need.kind, need.name) for need in nowhere.needs]
    assert "extension" not in [need.kind for need in there.needs]
    assert nowhere.target.missing_roles == ()  # nobody_here has nothing to do with it


def test_a_table_whose_rows_were_left_out_of_the_backup_is_said_to_be_empty(
    shop: Source, empty: Source, tools: ClientTools
) -> None:
    dump = plain_dump(tools, 18, shop.dsn, "--exclude-table-data=shop.log")
    came = restore(dump, empty, Wanted(("shop.log",)))
    assert came.warnings == ("shop.log is empty: the backup was made without its rows",)


@pytest.mark.parametrize(("major", "every"), few([(18, 4), (18, 1), (14, 1)]))
def test_every_table_of_an_odd_database_comes_back_alone_and_beside_itself(
    major: int, every: int, source: Callable[..., Source], tools: ClientTools
) -> None:
    made, target = source(major, ODD_TABLES), source(major, EMPTY)
    dump = plain_dump(tools, major, made.dsn)
    names = [name for (name,) in made.rows(_NAMES)]
    assert len(names) == 25
    for number, name in enumerate(names[::every]):
        rows = f"SELECT count(*), sum(hashtext(x::text)) FROM {name} x"
        there = made.rows(rows)
        restore(dump, made, Wanted((name,), named=f"again {number}"))
        schema = name.partition(".")[0]
        again = made.rows(rows.replace(name, f'{schema}."again {number}"'))
        assert again == there, name
        # Its partitions, or what another one needed, may be there.
        if not rehearse(dump, target, Wanted((name,))).present:
            restore(dump, target, Wanted((name,)))
            assert target.rows(rows) == there, name


@pytest.mark.long
@pytest.mark.parametrize(
    ("major", "publication"),
    [(14, "FOR ALL TABLES"), (18, "FOR ALL TABLES"), (18, "FOR TABLES IN SCHEMA odd")],
)
def test_a_publication_that_takes_what_is_made_is_told_before(
    major: int, publication: str, source: Callable[..., Source]
) -> None:
    target = source(major, f"CREATE SCHEMA odd; CREATE PUBLICATION all_of {publication}")
    dump = b'CREATE TABLE "odd"."t" (\n    "n" integer\n);\n'
    (told,) = rehearse(dump, target, Wanted(("t",))).target.warnings[-1:]
    assert told.startswith("the target publishes whatever is made in odd")
    other = rehearse(dump, target, Wanted(("t",), named="public.t")).target.warnings
    assert (told in other) is False
    assert any("in public" in each for each in other) is ("ALL" in publication)
    assert told not in rehearse(dump, target, Wanted(("t",), definitions=False)).target.warnings

"""`snapper restore --table` and `download --table`, as somebody uses them who wants one table."""

from pathlib import Path

import pytest
from psycopg2.extensions import make_dsn

from tests.support.backed_up import backed_up
from tests.support.cloud_server import everywhere
from tests.support.few import few
from tests.support.restores import files_in
from tests.support.stage import StageUnderTest

SHOP = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE makers (id int PRIMARY KEY);
CREATE TABLE items (id serial PRIMARY KEY, maker int REFERENCES makers, mood mood, note text);
INSERT INTO makers VALUES (1);
INSERT INTO items (maker, mood, note) SELECT 1, 'ok', 'note, ' || n FROM generate_series(1, 5) n;
"""


@everywhere("somewhere")
def test_a_table_comes_back_beside_the_one_that_was_spoilt_in_the_source_itself(
    somewhere: StageUnderTest,
) -> None:
    with backed_up(somewhere, "one", SHOP) as (source, manifest):
        source.run("UPDATE items SET note = 'spoilt'")
        asked = ("restore", "one", "--table", "items", "--to", source.dsn)
        refused = somewhere.run_cli(*asked)
        assert refused.code == 2
        assert "has public.items, public.items_id_seq, public.items_pkey already" in refused.err
        assert "--as NAME" in refused.err
        told = somewhere.run_cli(*asked, "--as", "items_of_monday", "--dry-run")
        assert told.code == 0, told.err
        assert told.lines[0].startswith(
            f"would restore public.items_of_monday of {manifest.dump_key}"
        )
        assert "used as it is there: type public.mood" in told.lines
        assert source.rows("SELECT to_regclass('items_of_monday')") == [(None,)]
        ran = somewhere.run_cli(*asked, "--as", "items_of_monday")
        assert ran.code == 0, ran.err
        assert ran.lines[0].startswith(f"restored public.items_of_monday of {manifest.dump_key}")
        assert source.rows("SELECT note FROM items_of_monday WHERE id = 5") == [("note, 5",)]
        assert source.rows("SELECT DISTINCT note FROM items") == [("spoilt",)]


def test_with_json_the_document_tells_what_was_made_and_left_out(stage: StageUnderTest) -> None:
    with backed_up(stage, "told", SHOP):
        target = stage.source(18, "CREATE TABLE mine (n int)")
        asked = ("restore", "told", "--table", "public.items", "--to", target.dsn, "--json")
        document = stage.run_cli(*asked).document
        assert document["tables"] == ["public.items"]
        assert document["needs"] == [{"kind": "type", "name": "public.mood", "there": False}]
        assert document["restored"] is True
        assert [each["name"] for each in document["left_out"]] == [
            "items_maker_fkey on public.items"
        ]
        assert 0 < document["bytes"] < document["manifest"]["backup_bytes"]


@pytest.mark.long
def test_rows_alone_are_added_only_to_an_empty_table_unless_forced(stage: StageUnderTest) -> None:
    with backed_up(stage, "alone", SHOP) as (source, _):
        source.run("UPDATE makers SET id = 7 WHERE false; DELETE FROM items")
        asked = ("restore", "alone", "--table", "items", "--data-only", "--to", source.dsn)
        assert stage.run_cli(*asked).code == 0
        assert source.rows("SELECT count(*) FROM items") == [(5,)]
        again = stage.run_cli(*asked)
        assert (again.code, "there are rows in public.items" in again.err) == (2, True)
        twice = stage.run_cli(*asked, "--force")
        assert (twice.code, "duplicate key" in twice.err) == (9, True)
        assert "these rows must fit the table as it is there" in twice.err
        assert "rows of the backup" not in twice.err  # nothing says that these are not good
        source.run("UPDATE items SET id = id + 10")
        assert stage.run_cli(*asked, "--force").code == 0
        assert source.rows("SELECT count(*) FROM items") == [(10,)]


def test_a_table_is_downloaded_as_sql_or_csv(stage: StageUnderTest, tmp_path: Path) -> None:
    with backed_up(stage, "file", SHOP) as (_, manifest):
        asked = ("download", "file", "--table", "items", "-o", str(tmp_path))
        assert stage.run_cli(*asked).code == 0
        stem = manifest.dump_key.replace("/", "-").removesuffix(".sql.gz")
        assert files_in(tmp_path) == [f"{stem}-public.items.sql"]
        sql = (tmp_path / f"{stem}-public.items.sql").read_text()
        assert sql.index("CREATE TYPE") < sql.index("CREATE TABLE") < sql.index("COPY ")
        assert "makers" not in sql.replace('REFERENCES "public"."makers"', "")
        target = stage.source(18, sql.partition("COPY ")[0])
        assert target.rows("SELECT count(*) FROM public.items") == [(0,)]
        ran = stage.run_cli(*asked, "--csv", "--json")
        assert ran.document["format"] == "csv"
        rows = Path(ran.document["file"]).read_text().splitlines()
        assert rows[0] == "id,maker,mood,note"
        assert sorted(rows[1:])[0] == '1,1,ok,"note, 1"'
        assert stage.run_cli(*asked, "--csv").code == 2  # it is there


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--as", "x"), "--as is for single tables"),
        (("--data-only",), "--data-only is for single tables"),
        (("--table", "t", "--create"), "--create is for whole backups"),
        (("--table", "t", "--best-effort"), "--best-effort is for whole backups"),
        (("--table", "t", "--force"), "--force without --data-only is for whole backups"),
        (("--table", "t", "--table", "u", "--as", "x"), "--as names one table"),
        (("--table", "t", "--data-only", "--schema-only"), "contradict each other"),
    ],
)
def test_options_that_make_no_sense_together_are_refused_at_once(
    stage: StageUnderTest, options: tuple[str, ...], words: str
) -> None:
    ran = stage.run_cli("restore", "shop", "--to", "postgresql://nobody@localhost/x", *options)
    assert ran.code == 2
    assert words in ran.err


def test_a_table_goes_into_another_schema_that_is_there_or_that_the_backup_makes(
    stage: StageUnderTest,
) -> None:
    made = "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t AS SELECT 1 AS n"
    with backed_up(stage, "moved", made):
        target = stage.source(18, "CREATE TABLE mine (n int)")
        asked = ("restore", "moved", "--table", "t", "--to", target.dsn, "--as")
        refused = stage.run_cli(*asked, "nowhere.t", "--dry-run")
        assert refused.code == 2
        assert "has no schema nowhere, and the backup makes none" in refused.err
        assert stage.run_cli(*asked, "b.t", "--json").code == 0
        assert stage.run_cli(*asked, "public.t", "--json").code == 0
        assert target.rows("SELECT b.t.n, public.t.n FROM b.t, public.t") == [(1, 1)]
        assert target.rows("SELECT FROM pg_namespace WHERE nspname = 'a'") == []


@pytest.mark.parametrize(
    ("name", "words"),
    few(
        [
            ("nowhere_yet", "there is no database"),
            ("template1", "that new databases are copied from"),
        ]
    ),
)
def test_tables_go_only_into_a_database_that_is_there_and_is_no_template(
    stage: StageUnderTest, name: str, words: str
) -> None:
    with backed_up(stage, "placed", SHOP) as (source, _):
        target = make_dsn(source.dsn, dbname=name)
        ran = stage.run_cli("restore", "placed", "--table", "items", "--to", target)
        assert ran.code == 2
        assert words in ran.err
        assert "hint: " in ran.err


def test_a_table_that_is_not_in_the_backup_is_refused_with_the_nearest(
    stage: StageUnderTest,
) -> None:
    with backed_up(stage, "near", SHOP) as (source, _):
        ran = stage.run_cli("restore", "near", "--table", "item", "--to", source.dsn)
        assert ran.code == 2
        assert "this backup has no table item" in ran.err
        assert "did you mean items?" in ran.err

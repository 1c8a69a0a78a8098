"""`snapper contents`, run against the deployed service."""

from collections.abc import Iterator

import pytest

from snapper.values.contents import Contents
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from tests.support.databases import AT
from tests.support.manifests import manifest
from tests.support.stage import StageUnderTest

ITEMS = """
CREATE TABLE items AS SELECT n, 'item ' || n AS name FROM generate_series(1, 1234) AS n;
CREATE SCHEMA other;
CREATE TABLE other."none yet" (n integer);
"""


@pytest.fixture(scope="module")
def made(stage: StageUnderTest) -> Iterator[Manifest]:
    with stage.database("listed", stage.source(18, ITEMS).dsn):
        yield stage.back_up("listed")


def test_tables_are_shown_with_their_rows_and_statements_by_kind(
    stage: StageUnderTest, made: Manifest
) -> None:
    ran = stage.run_cli("contents", "listed")
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split() for line in ran.lines]
    assert lines[0] == ["schema", "rows", "size", "stored", "table"]
    (items,) = [line for line in lines if line[-1] == "items"]
    assert items[:4] == ["public", "1,234", "16.3", "kB"]
    (empty,) = [line for line in ran.lines if "none yet" in line]
    assert empty.split()[:4] == ["other", "0", "0", "bytes"]
    assert f"{made.dump_key}: " in ran.lines[-2]
    assert "CREATE TABLE" in ran.lines[-1]


def test_with_json_all_of_the_list_is_given(stage: StageUnderTest, made: Manifest) -> None:
    document = stage.run_cli("contents", "listed", "--json").document
    assert document["manifest"]["contents"] == made.contents
    rows = {each["table"]: each["rows"] for each in document["contents"]["tables"]}
    assert (rows["items"], rows["none yet"]) == (1234, 0)
    assert document["contents"]["sha256"] == made.sha256


def test_a_backup_without_a_list_says_so(stage: StageUnderTest) -> None:
    stage.put_backup(manifest(database="listless", scheduled_at=AT, started_at=AT, backup_bytes=99))
    try:
        ran = stage.run_cli("contents", "listless")
        assert (ran.code, ran.out) == (3, "")
        assert "has no list of what is in it" in ran.err
        assert "backups of older releases have none" in ran.err
        assert stage.run_cli("contents", "listless", "--json").document["contents"] is None
    finally:
        stage.forget("listless")


def test_a_list_that_somebody_has_written_is_not_shown(
    stage: StageUnderTest, made: Manifest
) -> None:
    key = object_key("listed", made.scheduled_at, Kind.CONTENTS)
    before = stage.vault.read(key)
    stage.vault.put(key, Contents(made.sha256, (), ()).to_json())
    ran = stage.run_cli("contents", "listed")
    assert (ran.code, ran.out) == (4, "")
    assert f"{key} is not the list of contents that was made with the backup" in ran.err
    read = stage.run_cli("verify", "listed")
    assert read.code == 4
    assert f"sound, but NOT AS IT WAS MADE: {key} is not the list of contents" in read.out
    stage.vault.put(key, before)

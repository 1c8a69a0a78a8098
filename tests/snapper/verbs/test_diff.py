"""What changed between two real backups is told without a row being read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import BinaryIO

import pytest

from snapper.aws.vault import Vault
from snapper.engines.postgresql.trying.throw_away import PostgresServer
from snapper.errors import (
    BackupDamaged,
    BackupNotFound,
    SettingsError,
)
from snapper.values.contents import Contents
from snapper.values.difference import Change
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.verbs import diff as module
from snapper.verbs.contents import read_contents
from snapper.verbs.diff import Difference, When, compare, two
from snapper.verbs.dump import Dumper
from tests.support.backups import days, store
from tests.support.databases import AT, Source, job
from tests.support.few import few
from tests.support.listed import rows, store_listed
from tests.support.restores import awkward, flip
from tests.support.twin import MemoryVault

SHOP = """
CREATE TABLE items (id serial PRIMARY KEY, name text);
CREATE TABLE sales (item int);
CREATE TABLE gone (n int);
CREATE TABLE same (n int);
CREATE TABLE ordered (n int);
INSERT INTO items (name) SELECT 'item ' || n FROM generate_series(1, 500) n;
INSERT INTO same SELECT generate_series(1, 500);
INSERT INTO ordered VALUES (1), (2);
SELECT lo_from_bytea(77, 'large');
"""
LATER = """
DROP TABLE gone;
CREATE TABLE new AS SELECT 7 AS n;
ALTER TABLE sales ADD price numeric;
INSERT INTO sales VALUES (1, 2), (2, 3);
UPDATE items SET name = 'other' WHERE id = 7;
DELETE FROM ordered WHERE n = 1;
INSERT INTO ordered VALUES (1);
SELECT lo_from_bytea(78, 'larger');
SELECT nextval('items_id_seq');
"""


class Counting(Vault):
    """Remembers what is asked for of a dump."""

    def __init__(self, vault: Vault) -> None:
        super().__init__(vault.bucket, vault._client)
        self.ranges: list[tuple[int, int | None]] = []

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        if key.endswith(Kind.DUMP):
            self.ranges.append((start, end))
        return super().open(key, start, end)


@pytest.fixture
def pair(dumper: Dumper, source: Callable[..., Source]) -> tuple[Manifest, Manifest]:
    """Two backups, between which a little has changed."""
    made = source(18, SHOP)
    older = dumper.dump(job(), made.database())
    made.run(LATER)
    newer = dumper.dump(job(AT + timedelta(days=1)), made.database())
    assert older
    assert newer
    return older, newer


def changes(found: Difference) -> dict[str, Change]:
    return {each.table: each.change for each in found.tables}


def test_tables_and_definitions_that_changed_are_told(
    dumper: Dumper, pair: tuple[Manifest, Manifest]
) -> None:
    found = compare(dumper.vault, *pair)
    assert changes(found) == {
        "gone": Change.GONE,
        "items": Change.REWRITTEN,
        "new": Change.NEW,
        "ordered": Change.REWRITTEN,
        "sales": Change.MORE,
    }
    order = {each.table: each.perhaps_order_alone for each in found.tables}
    assert (order["ordered"], order["items"]) == (True, False)
    assert found.unchanged == 1
    assert found.definitions is not None
    assert [(each.kind, each.name, each.change) for each in found.definitions] == [
        ("TABLE", "public.gone", Change.GONE),
        ("TABLE", "public.new", Change.NEW),
        ("TABLE", "public.sales", Change.CHANGED),
    ]
    assert '+    "price" numeric' in found.definitions[2].lines


def test_what_is_set_on_the_database_itself_is_compared(
    dumper: Dumper, source: Callable[..., Source]
) -> None:
    made = source(18)
    ((name, quoted),) = made.rows("SELECT d, format('%I', d) FROM current_database() d")
    older = dumper.dump(job(), made.database())
    for sql in (
        f"ALTER DATABASE {quoted} SET work_mem TO '7MB'",
        f"ALTER DATABASE {quoted} SET a.b TO 'hush'",
        f"COMMENT ON DATABASE {quoted} IS 'all orders'",
        f"GRANT CREATE ON DATABASE {quoted} TO PUBLIC",
    ):
        made.run(sql)
    newer = dumper.dump(job(AT + timedelta(days=1)), made.database())
    assert older
    assert newer
    found = compare(dumper.vault, older, newer).definitions
    assert found
    assert [(each.kind, each.name, each.change) for each in found] == [
        ("DATABASE", name, Change.CHANGED),
        ("DATABASE SETTING", "a.b", Change.NEW),
        ("DATABASE SETTING", "work_mem", Change.NEW),
    ]
    assert {line for each in found for line in each.lines} >= {
        f"""+COMMENT ON DATABASE "{name}" IS 'all orders';""",
        f'+GRANT CREATE ON DATABASE "{name}" TO PUBLIC;',
        f"""+ALTER DATABASE "{name}" SET "work_mem" TO '7MB';""",
        f"""+ALTER DATABASE "{name}" SET "a.b" TO '…';""",
    }


def test_no_row_is_read(dumper: Dumper, pair: tuple[Manifest, Manifest]) -> None:
    vault = Counting(dumper.vault)
    compare(vault, *pair)
    contents = [read_contents(dumper.vault, each) for each in pair]
    rows_at = {(each.start, each.end) for one in contents if one for each in one.tables}
    assert vault.ranges
    assert not rows_at & set(vault.ranges)
    assert all(end for _, end in vault.ranges)


def test_a_backup_is_no_other_than_itself(dumper: Dumper, pair: tuple[Manifest, Manifest]) -> None:
    found = compare(dumper.vault, pair[0], pair[0])
    assert (found.tables, found.definitions, found.differs) == ((), (), False)


@pytest.mark.parametrize("major", few([18, 14]))
def test_a_database_of_awkward_things_does_not_change_from_dump_to_dump(
    major: int,
    dumper: Dumper,
    source: Callable[..., Source],
    server: Callable[[int], PostgresServer],
) -> None:
    made = awkward(source, server(major))
    first = dumper.dump(job(), made.database())
    second = dumper.dump(job(AT + timedelta(days=1)), made.database())
    assert first
    assert second
    found = compare(dumper.vault, first, second)
    assert (found.tables, found.definitions, found.why_not) == ((), (), "")
    assert found.unchanged > 10
    assert len(_defined(dumper, first)) > 50


def _defined(dumper: Dumper, manifest: Manifest) -> set[tuple[str, str]]:
    contents = read_contents(dumper.vault, manifest)
    assert contents
    found = module._read(dumper.vault, manifest, module._defining(manifest, contents))
    return {(each.kind, each.name) for each in found}


def test_more_definitions_than_are_held_are_not_compared(
    dumper: Dumper, pair: tuple[Manifest, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST", 1000)
    found = compare(dumper.vault, *pair)
    assert found.definitions is None
    assert "at most 1,000 are compared" in found.why_not


def test_statements_that_pg_dump_does_not_write_are_said() -> None:
    vault = MemoryVault()
    odd = [b"\\! touch witness\n", rows("public.t")]
    older, _ = store_listed(vault, [b"CREATE TABLE t ();\n", rows("public.t")], days(0))
    newer, _ = store_listed(vault, odd, days(1))
    found = compare(vault, older, newer)
    assert found.definitions is None
    assert "pg_dump does not write" in found.why_not


@pytest.mark.long
def test_damage_is_no_difference(dumper: Dumper, pair: tuple[Manifest, Manifest]) -> None:
    body = dumper.vault.read(pair[1].dump_key)
    contents = read_contents(dumper.vault, pair[1])
    assert isinstance(contents, Contents)
    true, told = compare(dumper.vault, *pair), 0
    for middle in range(40, 540, 10):
        dumper.vault.put(pair[1].dump_key, flip(body[: 2 * middle]) + body[2 * middle :])
        try:
            # It may be where nothing is read: in rows, or in what fills a byte.
            assert compare(dumper.vault, *pair) == true
        except BackupDamaged:
            told += 1
    assert told > 20
    dumper.vault.put(object_key("orders", pair[0].scheduled_at, Kind.CONTENTS), contents.to_json())
    with pytest.raises(BackupDamaged, match="list of contents"):
        compare(dumper.vault, *pair)


def test_a_backup_without_a_list_is_said(dumper: Dumper, pair: tuple[Manifest, Manifest]) -> None:
    with pytest.raises(BackupNotFound, match="has no list of what is in it") as refusal:
        compare(dumper.vault, replace(pair[0], contents=""), pair[1])
    assert "--from" in refusal.value.hint


def meant(vault: MemoryVault, start: When, end: When) -> tuple[datetime, datetime]:
    found = two(vault, "orders", start, end, lambda _: None)
    return found[0].scheduled_at, found[1].scheduled_at


def test_without_times_the_last_two_are_compared() -> None:
    vault = MemoryVault()
    for number in range(3):
        store(vault, days(number))
    assert meant(vault, When(), When()) == (days(1), days(2))
    assert meant(vault, When(), When(days(1))) == (days(0), days(1))
    assert meant(vault, When(days(0)), When()) == (days(0), days(2))
    assert meant(vault, When(days(2)), When(days(0))) == (days(2), days(0))


def test_without_two_backups_there_is_nothing_to_compare() -> None:
    vault = MemoryVault()
    store(vault, days(1))
    with pytest.raises(BackupNotFound, match="before that of"):
        two(vault, "orders", When(), When(), lambda _: None)
    with pytest.raises(SettingsError, match="both are the backup"):
        two(vault, "orders", When(days(1)), When(), lambda _: None)

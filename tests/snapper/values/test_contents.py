"""The list of what is in a backup."""

import json
from dataclasses import asdict, replace

import pytest

from snapper.errors import BackupDamaged
from snapper.values import contents as module
from snapper.values import document
from snapper.values.contents import MANY, Contents
from snapper.values.parts import MOST_SHARED, Statements, TableRows
from snapper.values.seal import SEAL, seal

HASH = "ab" * 32
HEAD = Statements({"CREATE TABLE": 2, "SET": 11}, 900, 0, 300, HASH)
ITEMS = TableRows("public", "items", 3, 40, 300, 345, HASH)
EMPTY = TableRows("public", "Übergabe", 0, 0, 345, 360, HASH)
END = Statements({"ALTER TABLE": 1}, 90, 360, 400, HASH)
CONTENTS = Contents(HASH, (ITEMS, EMPTY), (HEAD, END))


def test_a_list_is_read_as_it_was_written() -> None:
    assert Contents.from_json(CONTENTS.to_json()) == CONTENTS


def test_its_parts_are_in_the_order_of_the_dump() -> None:
    assert CONTENTS.parts == (HEAD, ITEMS, EMPTY, END)


def test_rows_and_kinds_are_summed() -> None:
    assert CONTENTS.rows == 3
    assert CONTENTS.kinds == {"CREATE TABLE": 2, "SET": 11, "ALTER TABLE": 1}


SPLIT = Contents(
    HASH,
    (replace(ITEMS, more=((360, 400), (410, 420))), EMPTY),
    (HEAD, replace(END, start=400, end=410), replace(END, start=420, end=430)),
)


def test_a_list_of_tables_in_several_ranges_is_of_a_version_that_older_releases_refuse() -> None:
    assert (CONTENTS.version, SPLIT.version) == (1, 2)
    assert Contents.from_json(SPLIT.to_json()) == SPLIT
    assert SPLIT.rows == 3
    table = json.loads(SPLIT.to_json())["tables"][0]
    assert table["ranges"] == [[300, 345], [360, 400], [410, 420]]
    assert not table.keys() & {"start", "end", "more"}, "no part is taken for the whole"
    assert SPLIT.tables[0].stored == 45 + 40 + 10


def test_an_object_is_covered_by_all_ranges() -> None:
    assert SPLIT.covers(430)
    assert not replace(SPLIT, tables=CONTENTS.tables).covers(430)
    assert not replace(SPLIT, statements=SPLIT.statements[:-1]).covers(430)


@pytest.mark.parametrize(
    "ranges",
    [
        *([], None, {}, [[300]], [[300, 345, 346]], [300, 345], [["300", 345]], [[345, 300]]),
        *([[310, 345], [300, 310]], [[300, 345], [344, 360]], [[300, 345], [350, 420]]),
        [[300 + n, 301 + n] for n in range(MANY + 1)],
    ],
)
def test_ranges_that_snapper_does_not_write_are_damage(ranges: object) -> None:
    found = SPLIT.to_dict()
    plain = {**found, "tables": [{**found["tables"][0], "ranges": ranges}]}
    raw = json.dumps({**plain, SEAL: seal(plain)}).encode()
    with pytest.raises(BackupDamaged, match="not as Snapper writes"):
        Contents.from_json(raw)


SHARED = replace(
    CONTENTS,
    tables=(replace(ITEMS, end=360, offset=0), replace(EMPTY, start=300, offset=90)),
)


def test_a_list_of_tables_that_share_a_range_is_of_that_version_too() -> None:
    assert SHARED.version == 2
    assert Contents.from_json(SHARED.to_json()) == SHARED
    assert SHARED.parts == (HEAD, *SHARED.tables, END)
    assert SHARED.covers(400)
    places = [(each["ranges"], each["offset"]) for each in SHARED.to_dict()["tables"]]
    assert places == [(((300, 360),), 0), (((300, 360),), 90)]


@pytest.mark.parametrize(
    ("number", "change"),
    [
        *((1, {"offset": odd}) for odd in (None, -1, "90", True, 0, 40, MOST_SHARED, 1 << 60)),
        *((1, {"ranges": odd}) for odd in ([[300, 359]], [[301, 360]], [[360, 361]], [])),
        (1, {"ranges": [[300, 360], [400, 410]]}),
        (0, {"offset": 90}),
        (0, {"bytes": 90}),
    ],
)
def test_shares_of_a_range_that_snapper_does_not_write_are_damage(
    number: int, change: dict[str, object]
) -> None:
    found = SHARED.to_dict()
    found["tables"][number] |= change
    raw = json.dumps({**found, SEAL: seal(found)}).encode()
    with pytest.raises(BackupDamaged, match="not as Snapper writes"):
        Contents.from_json(raw)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": 3},
        {"version": True},
        {"sha256": "none"},
        {"tables": {}},
        {"tables": [{**asdict(ITEMS), "rows": -1}]},
        {"tables": [{**asdict(ITEMS), "start": 500}]},
        {"tables": [{**asdict(ITEMS), "end": 350}, asdict(EMPTY)]},
        {"tables": [{**asdict(ITEMS), "schema": ""}]},
        {"tables": [{"schema": "public"}]},
        {"tables": ["items"]},
        {"statements": [{**asdict(HEAD), "kinds": {"x" * 101: 1}}]},
        {"statements": [{**asdict(HEAD), "kinds": {str(n): 1 for n in range(501)}}]},
    ],
)
def test_what_snapper_does_not_write_is_damage(change: dict[str, object]) -> None:
    plain = {**CONTENTS.to_dict(), **change}
    raw = json.dumps({**plain, SEAL: seal(plain)}).encode()
    with pytest.raises(BackupDamaged, match="list of contents"):
        Contents.from_json(raw)


def test_a_changed_list_is_damage() -> None:
    raw = replace(CONTENTS, tables=(replace(ITEMS, rows=4),)).to_json().replace(b":4,", b":5,")
    with pytest.raises(BackupDamaged, match="was changed"):
        Contents.from_json(raw)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b"{}"])
def test_what_is_no_list_is_damage(raw: bytes) -> None:
    with pytest.raises(BackupDamaged, match="list of contents"):
        Contents.from_json(raw)


@pytest.mark.parametrize("values", [b"{},", b"[],", b"0,", b'"",'])
def test_a_list_of_more_than_it_can_hold_is_not_read_into_memory(
    values: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> None:
        raise AssertionError("it was read")

    monkeypatch.setattr(document, "read_document", read)
    with pytest.raises(BackupDamaged, match="not as Snapper writes one"):
        Contents.from_json(b'{"tables":[' + values * (20 * MANY) + b"0]}")


@pytest.mark.parametrize("name", ['{[,"' * 15, "\\" * 63, '\\"' * 31])
def test_what_stands_in_names_counts_for_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_VALUES", 50)
    many = replace(CONTENTS, tables=(replace(ITEMS, schema=name, table=name), EMPTY))
    assert Contents.from_json(many.to_json()) == many


def test_what_is_shown_is_what_is_stored() -> None:
    stored = json.loads(CONTENTS.to_json())
    assert stored.pop(SEAL) == seal(stored)
    assert stored == CONTENTS.to_dict()

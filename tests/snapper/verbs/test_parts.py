"""One part of a backup is read alone, by its range, and is what was dumped, or damage."""

import io
from dataclasses import replace
from typing import BinaryIO

import pytest

from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest
from snapper.values.parts import Statements, TableRows
from snapper.verbs import parts as module
from snapper.verbs.parts import read_statements, read_table
from tests.support.few import few
from tests.support.listed import rows, sha, store_listed
from tests.support.twin import MemoryVault

HEAD = b"--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE public.items (\n    a text\n);\n"
ITEMS = rows('"public"."items"', "COMMIT;", "\\\\.", "COPY x (a) FROM stdin;", "3")
EMPTY = rows('"public"."empty"')
STRANGE = rows('"public"."a FROM stdin;\n"', "x")
LONG = rows('"public"."long"', *(sha(b"%d" % n) for n in range(60_000)))
TAIL = b"\nALTER TABLE public.items OWNER TO me;\n\n--\n-- PostgreSQL database dump complete\n--\n"
DUMP = [HEAD, ITEMS, EMPTY, STRANGE, LONG, TAIL]


class Counting(Vault):
    """Remembers which ranges were asked for."""

    def __init__(self, vault: Vault) -> None:
        super().__init__(vault.bucket, vault._client)
        self.ranges: list[tuple[int, int | None]] = []

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        self.ranges.append((start, end))
        return super().open(key, start, end)


def flip(vault: Vault, manifest: Manifest, at: int) -> None:
    body = bytearray(vault.read(manifest.dump_key))
    body[at] ^= 1
    vault.put(manifest.dump_key, bytes(body))


def test_every_part_is_what_it_was_in_the_dump(vault: Vault) -> None:
    manifest, contents = store_listed(vault, DUMP)
    for part, plain in zip(contents.parts, DUMP, strict=True):
        read = read_table if isinstance(part, TableRows) else read_statements
        assert b"".join(read(vault, manifest, part)) == plain  # type: ignore[arg-type]


def test_rows_are_parted_from_the_statement_that_loads_them(vault: Vault) -> None:
    manifest, contents = store_listed(vault, DUMP)
    for part, plain in zip(contents.tables, DUMP[1:-1], strict=True):
        found = read_table(vault, manifest, part)
        assert found.head.endswith(b" (a) FROM stdin;\n")
        assert found.end == b"\\.\n"
        assert found.head + b"".join(found.rows) + found.end == plain


def test_only_the_range_of_the_part_is_asked_for(vault: Vault) -> None:
    manifest, contents = store_listed(vault, DUMP)
    counting, table = Counting(vault), contents.tables[-1]
    told = list[int]()
    b"".join(read_table(counting, manifest, table, told.append))
    assert counting.ranges == [(table.start, table.end)]
    assert told[-1] == table.end - table.start < manifest.backup_bytes


@pytest.mark.parametrize("number", few(range(len(DUMP)), 2))
def test_a_flipped_bit_is_seen_wherever_it_is_in_rows_or_statements(number: int) -> None:
    vault = MemoryVault()
    manifest, contents = store_listed(vault, DUMP)
    part = contents.parts[number]
    whole = vault.objects[manifest.dump_key]
    for at in range(part.start, min(part.end, part.start + 400)):
        flip(vault, manifest, at)
        try:
            if isinstance(part, Statements):
                found = b"".join(read_statements(vault, manifest, part))
            else:
                found = b"".join(read_table(vault, manifest, part).rows)
        except BackupDamaged:
            pass
        else:
            # In the head of the gzip, or behind all of a part's bytes.
            assert sha(found) == part.sha256
        vault.objects[manifest.dump_key] = whole


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sha256": "cd" * 32}, "is not what was stored"),
        ({"bytes": 1}, "is not what was stored|unpacks to more"),
        ({"start": 5}, "cannot be unpacked|does not begin|begins with"),
    ],
)
def test_a_list_that_does_not_fit_is_damage(change: dict[str, object], words: str) -> None:
    vault = MemoryVault()
    manifest, contents = store_listed(vault, DUMP)
    with pytest.raises(BackupDamaged, match=words):
        b"".join(read_table(vault, manifest, replace(contents.tables[0], **change)))  # type: ignore[arg-type]
    with pytest.raises(BackupDamaged):
        b"".join(read_statements(vault, manifest, replace(contents.statements[0], **change)))  # type: ignore[arg-type]


def test_what_unpacks_without_an_end_is_left_at_once() -> None:
    vault = MemoryVault()
    manifest, contents = store_listed(vault, [bytes(50 << 20), rows("public.t"), TAIL])
    pieces = read_statements(vault, manifest, replace(contents.statements[0], bytes=9))
    with pytest.raises(BackupDamaged, match="unpacks to more than it should"):
        next(pieces)
    zeros = contents.statements[0]
    table = TableRows("public", "t", 0, 0, zeros.start, zeros.end, sha(b""))
    with pytest.raises(BackupDamaged, match=r"no table's rows|does not begin as"):
        read_table(vault, manifest, table)


@pytest.mark.parametrize("plain", [HEAD, b"COPY t (a) FROM stdin;\n1\n", b"", b"SELECT 1;\n" * 9])
def test_what_is_no_tables_part_is_damage(plain: bytes) -> None:
    vault = MemoryVault()
    manifest, contents = store_listed(vault, [b"\n", plain, TAIL])
    part = contents.parts[1]
    table = TableRows("public", "t", 0, len(plain), part.start, part.end, part.sha256)
    with pytest.raises(BackupDamaged, match=r"table public\.t"):
        b"".join(read_table(vault, manifest, table))


def test_an_empty_range_is_no_part_of_a_table() -> None:
    vault = MemoryVault()
    manifest, _ = store_listed(vault, DUMP)
    with pytest.raises(BackupDamaged, match="does not begin as a table's rows do"):
        read_table(vault, manifest, TableRows("public", "t", 0, 0, 7, 7, sha(b"")))
    assert list(read_statements(vault, manifest, Statements({}, 0, 7, 7, sha(b"")))) == []


def test_rows_without_their_end_are_damage() -> None:
    vault = MemoryVault()
    manifest, contents = store_listed(vault, [b"\n", b"COPY t (a) FROM stdin;\n1\nxyz", TAIL])
    part = contents.parts[1]
    table = TableRows("public", "t", 1, 2, part.start, part.end, sha(b"1\n"))
    with pytest.raises(BackupDamaged, match="does not end as a table's rows do"):
        b"".join(read_table(vault, manifest, table))


def test_an_object_that_is_cut_behind_all_plain_bytes_is_damage() -> None:
    vault = MemoryVault()
    manifest, contents = store_listed(vault, DUMP)
    vault.objects[manifest.dump_key] = vault.objects[manifest.dump_key][:-4]
    with pytest.raises(BackupDamaged, match="in place of"):
        b"".join(read_statements(vault, manifest, contents.statements[-1]))


class Endless(MemoryVault):
    """A bucket that gives more than it is asked for, and never comes to an end."""

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        first = super().open(key, start)
        self.given = 0

        class Body(io.BytesIO):
            def read(body, size: int | None = -1, /) -> bytes:  # noqa: N805  self is the vault
                self.given += 1
                assert self.given < 9, "it is read without end"
                return first.read(size or 0) or bytes(1 << 20)

        return Body()


def test_no_more_than_the_range_is_read() -> None:
    vault = Endless()
    manifest, contents = store_listed(vault, DUMP)
    with pytest.raises(BackupDamaged, match="in place of"):
        b"".join(read_statements(vault, manifest, contents.statements[-1]))


def test_a_head_without_end_is_not_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST_HEAD", 1000)
    vault, told = MemoryVault(), list[int]()
    noise = "".join(sha(b"%d" % n) for n in range(100_000)).encode()
    manifest, contents = store_listed(vault, [b"\n", b'COPY "%b' % noise, TAIL])
    part = contents.parts[1]
    table = TableRows("public", "t", 1, 1 << 30, part.start, part.end, sha(b""))
    with pytest.raises(BackupDamaged, match="does not begin as a table's rows do"):
        read_table(vault, manifest, table, told.append)
    assert told[-1] < part.end - part.start


def again(name: str, *lines: str) -> bytes:
    """Give a statement that loads more rows of a table."""
    return b"COPY" + rows(name, *lines).partition(b"COPY")[2]


LARGE, SMALL = '"public"."large"', '"public"."small"'
SPLIT = [
    *(HEAD, rows(LARGE, "1", "2"), rows(SMALL, "a"), again(LARGE, "3"), again(SMALL, "b")),
    *(again(LARGE, "4", "5"), TAIL),
]


def test_a_table_that_several_statements_load_is_given_as_one_statement(vault: Vault) -> None:
    manifest, contents = store_listed(vault, SPLIT)
    counting, told = Counting(vault), list[int]()
    large, small = contents.tables
    found = b"".join(read_table(counting, manifest, large, told.append))
    assert found == rows(LARGE, "1", "2", "3", "4", "5")
    assert counting.ranges == list(large.ranges)
    assert told == sorted(told)
    assert told[-1] == large.stored
    assert b"".join(read_table(vault, manifest, small)) == rows(SMALL, "a", "b")


@pytest.mark.parametrize("number", range(3))
def test_a_flipped_bit_is_seen_in_each_of_its_ranges(number: int) -> None:
    vault = MemoryVault()
    manifest, contents = store_listed(vault, SPLIT)
    table = contents.tables[0]
    start, end = table.ranges[number]
    whole = vault.objects[manifest.dump_key]
    for at in range(start, end):
        flip(vault, manifest, at)
        try:
            found = read_table(vault, manifest, table)
            assert sha(b"".join(found.rows)) == table.sha256
        except BackupDamaged:
            pass
        vault.objects[manifest.dump_key] = whole


def test_rows_of_which_a_range_is_missing_or_another_tables_are_damage() -> None:
    vault = MemoryVault()
    manifest, contents = store_listed(vault, SPLIT)
    large, small = contents.tables
    for more, words in [
        (large.more[:1], "is not what was stored"),
        (small.more, "loaded in two ways"),
        ((*large.more, large.more[0]), "unpacks to more than it should"),
    ]:
        with pytest.raises(BackupDamaged, match=words):
            b"".join(read_table(vault, manifest, replace(large, more=more)))

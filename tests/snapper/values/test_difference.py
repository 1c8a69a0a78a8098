"""What changed between two lists of contents, and between two sets of definitions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.values import difference
from snapper.values.contents import Contents
from snapper.values.difference import (
    Amount,
    Change,
    Definition,
    TableChange,
    changed_definitions,
    changed_tables,
)
from snapper.values.parts import TableRows

ONE, OTHER = "ab" * 32, "cd" * 32
ITEMS = Definition("TABLE", "public.items", "CREATE TABLE items (\n    a integer\n);")
WIDER = Definition("TABLE", "public.items", "CREATE TABLE items (\n    a bigint\n);")
VIEW = Definition("VIEW", "public.v", "CREATE VIEW v AS\n SELECT 1;")


def table(name: str, rows: int, size: int = 10, sha256: str = ONE) -> TableRows:
    return TableRows("public", name, rows, size, 0, 0, sha256)


def listed(*tables: TableRows) -> Contents:
    return Contents(ONE, tables, ())


def test_each_table_that_is_not_the_same_is_told() -> None:
    before = [
        table("gone", 1),
        table("grown", 1),
        table("shrunk", 9),
        table("same", 4),
        table("ordered", 2),
        table("written", 2),
    ]
    after = [
        table("grown", 3, 30, OTHER),
        table("new", 0),
        table("ordered", 2, 10, OTHER),
        table("same", 4),
        table("shrunk", 8, 90, OTHER),
        table("written", 2, 11, OTHER),
    ]
    found = changed_tables(listed(*before), listed(*after))
    assert [(each.table, each.change, each.perhaps_order_alone) for each in found] == [
        ("gone", Change.GONE, False),
        ("grown", Change.MORE, False),
        ("new", Change.NEW, False),
        ("ordered", Change.REWRITTEN, True),
        ("shrunk", Change.FEWER, False),
        ("written", Change.REWRITTEN, False),
    ]
    assert found[1] == TableChange("public", "grown", Change.MORE, Amount(1, 10), Amount(3, 30))
    assert (found[0].after, found[2].before) == (None, None)


def test_where_a_table_lies_in_the_object_is_no_change() -> None:
    moved = TableRows("public", "t", 1, 10, 500, 600, ONE)
    assert changed_tables(listed(table("t", 1)), listed(moved)) == ()


def test_a_name_that_stands_twice_is_seen_as_one_table() -> None:
    (found,) = changed_tables(listed(table("t", 1)), listed(table("t", 1), table("t", 2)))
    assert (found.change, found.after) == (Change.MORE, Amount(3, 20))


def test_a_changed_definition_is_a_diff_that_can_be_read() -> None:
    (found,) = changed_definitions([ITEMS], [WIDER])
    assert (found.kind, found.name, found.change) == ("TABLE", "public.items", Change.CHANGED)
    assert found.lines == (
        "@@ -1,3 +1,3 @@",
        " CREATE TABLE items (",
        "-    a integer",
        "+    a bigint",
        " );",
    )


def test_what_is_new_or_gone_is_shown_whole() -> None:
    gone, new = changed_definitions([ITEMS], [VIEW])
    assert (gone.change, new.change) == (Change.GONE, Change.NEW)
    assert gone.lines == tuple(f"-{line}" for line in ITEMS.text.split("\n"))
    assert new.lines == tuple(f"+{line}" for line in VIEW.text.split("\n"))


@given(st.permutations([ITEMS, VIEW, *(Definition("ACL", "x", str(n)) for n in range(3))]))
def test_the_order_of_definitions_is_no_change(after: list[Definition]) -> None:
    before = [ITEMS, VIEW, *(Definition("ACL", "x", str(n)) for n in range(3))]
    assert changed_definitions(before, after) == ()


def test_what_may_be_a_secret_is_compared_and_not_shown() -> None:
    one, other = (
        Definition("USER MAPPING", "me", f"OPTIONS (password '{secret}')", "OPTIONS (password '…')")
        for secret in ("old", "new")
    )
    (found,) = changed_definitions([one], [other])
    assert found.change is Change.CHANGED
    assert found.lines == (" what differs is not shown: it may be a secret",)


def test_long_texts_are_not_laid_side_by_side() -> None:
    one, other = (
        Definition("FUNCTION", "f()", "\n".join(f"{mark} {n}" for n in range(9_000)))
        for mark in "ab"
    )
    (found,) = changed_definitions([one], [other])
    assert found.lines == ("-9,000 lines", "+9,000 lines")


def test_many_texts_are_laid_side_by_side_as_far_as_there_is_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(difference, "_MOST_WORK", 100)
    long, short = "\n".join("abcdefghi"), "\n".join("abc")
    before = [Definition("FUNCTION", name, long) for name in ("f()", "g()")]
    after = [Definition("FUNCTION", name, f"{long}!") for name in ("f()", "g()")]
    before.append(Definition("FUNCTION", "h()", short))
    after.append(Definition("FUNCTION", "h()", f"{short}!"))
    f, g, h = changed_definitions(before, after)
    assert f.lines[-1] == "+i!"
    assert g.lines == ("-9 lines", "+9 lines")
    assert h.lines[-1] == "+c!"


def test_only_the_end_of_a_line_ends_a_line() -> None:
    one, other = (Definition("COMMENT", "t", f"a{each}b\x0cc\u2028d") for each in "xy")
    (found,) = changed_definitions([one], [other])
    assert found.lines == ("@@ -1 +1 @@", "-axb\x0cc\u2028d", "+ayb\x0cc\u2028d")


def test_a_forged_list_of_one_table_alone_is_read_once() -> None:
    many = listed(*(table("items", 1) for _ in range(200_000)))
    (found,) = changed_tables(many, listed(table("items", 1)))
    assert (found.before, found.after) == (Amount(200_000, 2_000_000), Amount(1, 10))

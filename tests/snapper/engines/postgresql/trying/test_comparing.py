"""Every table is held against the list: its rows may be missing, too many, or elsewhere."""

from collections.abc import Iterable

import pytest

from snapper.engines.postgresql.trying.comparing import compare
from snapper.engines.postgresql.trying.counting import Counted, Named, Table
from snapper.errors import RestoreFailed
from snapper.values.contents import Contents
from snapper.values.parts import TableRows

A, B, C = (Named("public", name) for name in "abc")
WHOLE = Named("public", "whole")


def listing(*rows: tuple[Named, int]) -> Contents:
    tables = (TableRows(*name, count, 1, 1, 1, "ab" * 32) for name, count in rows)
    return Contents("ab" * 32, tuple(tables), ())


def table(
    name: Named,
    rows: int | None,
    whole: Named | None = None,
    *,
    extension: bool = False,
    derived: bool = False,
) -> Table:
    return Table(name, rows, whole, extension, derived)


def compared(
    contents: Contents, *tables: Table, left_out: Iterable[Named] = (), moved: Iterable[Named] = ()
) -> int:
    return compare(contents, Counted(tables), frozenset(left_out), frozenset(moved))


def test_tables_that_hold_as_many_rows_as_are_listed_are_counted() -> None:
    assert compared(listing((A, 3), (B, 0)), table(A, 3), table(B, 0)) == 2
    assert compared(listing()) == 0


@pytest.mark.parametrize("rows", [2, 4])
def test_a_table_with_other_rows_is_named_with_both_counts(rows: int) -> None:
    with pytest.raises(RestoreFailed, match=f"public.a has {rows} rows, and 3 are") as failed:
        compared(listing((A, 3), (B, 1)), table(A, rows), table(B, 1))
    assert failed.value.against_backup


def test_a_table_that_is_not_there_is_named() -> None:
    with pytest.raises(RestoreFailed, match=r"public.b is not there, and 1,000 rows are listed"):
        compared(listing((A, 3), (B, 1_000)), table(A, 3))


def test_a_table_of_rows_that_no_list_knows_is_named_and_an_empty_one_is_not() -> None:
    assert compared(listing((A, 3)), table(A, 3), table(B, 0)) == 1
    with pytest.raises(RestoreFailed, match=r"public.b has 5 rows, and is not listed"):
        compared(listing((A, 3)), table(A, 3), table(B, 5))


def test_of_many_faults_a_few_are_named() -> None:
    names = [Named("public", f"t{n}") for n in range(9)]
    with pytest.raises(RestoreFailed, match=r"t4 .*; and so with 4 more$") as failed:
        compared(listing(*((name, 1) for name in names)))
    assert "t5" not in str(failed.value)


def test_what_is_left_out_for_an_extension_is_not_held_against_it() -> None:
    assert compared(listing((A, 3), (B, 9)), table(A, 3), left_out=[B]) == 1


def test_what_an_extension_brings_along_is_not_compared() -> None:
    assert (
        compared(listing((A, 3)), table(A, 8_500, extension=True), table(B, 1, extension=True)) == 0
    )
    assert compared(listing((Named("pg_catalog", "settings"), 1))) == 0


def test_rows_that_may_not_be_counted_and_those_of_views_are_not_compared() -> None:
    assert compared(listing((A, 3), (B, 1)), table(A, None), table(B, 1)) == 1
    assert compared(listing((A, 3)), table(A, 3), table(B, 7, derived=True)) == 1


PARTS = [(A, 3), (B, 3)]


def test_partitions_that_have_moved_rows_among_them_are_compared_as_a_whole() -> None:
    parts = (table(A, 2, WHOLE), table(B, 4, WHOLE), table(C, 0, WHOLE))
    assert compared(listing(*PARTS), *parts, moved=[WHOLE]) == 2
    with pytest.raises(RestoreFailed, match=r"public.a has 2 rows"):
        compared(listing(*PARTS), *parts)
    with pytest.raises(RestoreFailed, match=r"public.whole has 5 rows, and 6 are listed"):
        compared(listing(*PARTS), table(A, 2, WHOLE), table(B, 3, WHOLE), moved=[WHOLE])


def test_rows_that_are_listed_under_the_name_of_the_whole_are_found_in_its_partitions() -> None:
    contents = listing((WHOLE, 4), (WHOLE, 2))
    assert compared(contents, table(A, 5, WHOLE), table(B, 1, WHOLE)) == 1
    with pytest.raises(RestoreFailed, match=r"public.whole has 5 rows, and 6 are listed"):
        compared(contents, table(A, 5, WHOLE), table(B, 0, WHOLE))


def test_two_names_that_read_alike_are_compared_together() -> None:
    r"""In a database without an encoding the byte `\xe4` reads as those four letters do."""
    assert compared(listing((A, 1), (A, 2)), table(A, 2), table(A, 1)) == 1
    with pytest.raises(RestoreFailed):
        compared(listing((A, 1), (A, 2)), table(A, 2), table(A, 2))

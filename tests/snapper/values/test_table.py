"""The table of databases is read whole, or not at all."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.errors import SecretsInvalid
from snapper.values.table import Row, read_table, write_table
from tests.support.strategies import keys


@given(st.dictionaries(keys, st.integers(1, 999_999), min_size=1), st.integers(120, 4096))
def test_a_table_comes_back_however_many_pieces_it_takes(counts: dict[str, int], room: int) -> None:
    rows = {
        key: Row(n, "POSTGRES", n % 2 == 1, n if n % 3 else None, n if n % 5 else None)
        for key, n in counts.items()
    }
    pieces = write_table(rows, room)
    assert all(len(piece.encode()) <= room for piece in pieces)
    assert read_table(pieces) == rows


def test_a_thousand_databases_are_few_parameters() -> None:
    rows = {f"database-{n:04}": Row(30, "POSTGRES", connection_in=n % 64) for n in range(1000)}
    assert len(write_table(rows)) == 8


def test_a_word_of_a_later_release_in_a_row_is_passed_over() -> None:
    row = "orders,7,POSTGRES,options,c3,later,x9"
    digest = hashlib.sha256(row.encode()).hexdigest()[:8]
    assert read_table([f"{digest}|{row}"]) == {"orders": Row(7, "POSTGRES", True, 3)}


def test_no_piece_is_an_empty_table() -> None:
    assert read_table([]) == {}


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_table_of_which_a_piece_is_missing_or_older_is_not_read(missing: int) -> None:
    pieces = write_table({f"database-{n}": Row(7, "POSTGRES") for n in range(9)}, 100)
    older = write_table({f"database-{n}": Row(8, "POSTGRES") for n in range(9)}, 100)
    assert len(pieces) == 3
    with pytest.raises(SecretsInvalid, match="is incomplete"):
        read_table([piece for number, piece in enumerate(pieces) if number != missing])
    with pytest.raises(SecretsInvalid, match="is incomplete"):
        read_table([*pieces[:missing], older[missing], *pieces[missing + 1 :]])


@pytest.mark.parametrize("row", ["orders", "orders,7", "or/ders,7,POSTGRES", "orders,0,POSTGRES"])
def test_nonsense_written_past_the_deployment_is_refused(row: str) -> None:
    (good,) = write_table({"orders": Row(7, "POSTGRES")})
    with pytest.raises(SecretsInvalid):
        read_table([good.replace("orders,7,POSTGRES", row)])
    digest = hashlib.sha256(row.encode()).hexdigest()[:8]
    with pytest.raises(SecretsInvalid, match=r"KEY,count,TYPE|whole number"):
        read_table([f"{digest}|{row}"])

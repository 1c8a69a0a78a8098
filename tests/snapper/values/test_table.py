"""The table of databases is read whole, or not at all."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.errors import SecretsInvalid
from snapper.values.secrets import Database
from snapper.values.table import Row, read_table, write_table
from tests.support.strategies import keys


@given(st.dictionaries(keys, st.integers(1, 999_999), min_size=1), st.integers(120, 4096))
def test_a_table_comes_back_however_many_pieces_it_takes(counts: dict[str, int], room: int) -> None:
    pieces = write_table((Database(key, "", n) for key, n in counts.items()), room)
    assert all(len(piece.encode()) <= room for piece in pieces)
    assert read_table(pieces) == {key: Row(n, "POSTGRES") for key, n in counts.items()}


def test_five_hundred_databases_are_few_parameters() -> None:
    databases = [Database(f"database-{number:03}", "", 30) for number in range(500)]
    assert len(write_table(databases)) == 4


def test_no_piece_is_an_empty_table() -> None:
    assert read_table([]) == {}


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_table_of_which_a_piece_is_missing_or_older_is_not_read(missing: int) -> None:
    pieces = write_table((Database(f"database-{n}", "", 7) for n in range(9)), 100)
    older = write_table((Database(f"database-{n}", "", 8) for n in range(9)), 100)
    assert len(pieces) == 3
    with pytest.raises(SecretsInvalid, match="is incomplete"):
        read_table([piece for number, piece in enumerate(pieces) if number != missing])
    with pytest.raises(SecretsInvalid, match="is incomplete"):
        read_table([*pieces[:missing], older[missing], *pieces[missing + 1 :]])


@pytest.mark.parametrize("row", ["orders", "orders,7", "or/ders,7,POSTGRES", "orders,0,POSTGRES"])
def test_nonsense_written_past_the_deployment_is_refused(row: str) -> None:
    (good,) = write_table([Database("orders", "", 7)])
    with pytest.raises(SecretsInvalid):
        read_table([good.replace("orders,7,POSTGRES", row)])
    digest = hashlib.sha256(row.encode()).hexdigest()[:8]
    with pytest.raises(SecretsInvalid, match=r"KEY,count,TYPE|whole number"):
        read_table([f"{digest}|{row}"])

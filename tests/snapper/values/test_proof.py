"""A proof is read as it was written, and says in a few words what it does not cover."""

from typing import Any

import pytest

from snapper.values.proof import Lacking, Proof

LACKING = Lacking(("postgis",), {"function": 4, "table": 3, "index": 2}, ("public.places",))
PROOF = Proof("18.6", 12, ("SELECT count(*) > 0 FROM orders",), LACKING)


@pytest.mark.parametrize("proof", [PROOF, Proof("15.17"), Proof("18.6", 0, (), Lacking(("a",)))])
def test_it_is_read_as_it_was_written(proof: Proof) -> None:
    assert Proof.from_dict(proof.to_dict()) == proof


def test_what_a_later_snapper_adds_is_passed_over() -> None:
    assert Proof.from_dict({**PROOF.to_dict(), "more": 1}) == PROOF


@pytest.mark.parametrize(
    "change",
    [
        {"server": "a b"},
        {"compared": -1},
        {"compared": True},
        {"assertions": "SELECT true"},
        {"assertions": [1]},
        {"assertions": ["x"] * 101},
        {"lacking": []},
        {"lacking": {**LACKING.to_dict(), "left_out": {"table": "3"}}},
        {"lacking": {**LACKING.to_dict(), "left_out": []}},
        {"lacking": {**LACKING.to_dict(), "tables": ["x" * 1_001]}},
    ],
)
def test_nonsense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError, KeyError)):
        Proof.from_dict({**PROOF.to_dict(), **change})


def test_tables_come_first_and_then_what_there_is_most_of() -> None:
    assert str(LACKING) == "postgis: 3 tables, 4 functions, 2 indexes"
    assert str(Lacking(("a", "b"), {"policy": 2, "view": 1})) == "a and b: 2 policies, 1 view"


def test_no_more_names_are_kept_than_are_read_back() -> None:
    many = Lacking(("e" * 2_000,) * 200, {}, ("t" * 2_000,) * 200)
    assert Lacking.from_dict(many.to_dict()) == many
    asserted = Proof("18.6", assertions=("q" * 20_000,) * 200, lacking=many)
    assert Proof.from_dict(asserted.to_dict()) == asserted

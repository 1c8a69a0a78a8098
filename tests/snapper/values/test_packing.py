"""Texts of many databases share few parameters, and a change of one touches one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.errors import SecretsInvalid
from snapper.values.packing import ROOM, pack, unpack
from tests.support.strategies import keys

MANY = {f"database-{n:03}": f"postgresql://reader:secret-{n}@db.example/{n}" for n in range(300)}


@given(st.dictionaries(keys, st.text(max_size=400), max_size=60))
def test_every_text_comes_back_from_its_piece_or_is_alone(texts: dict[str, str]) -> None:
    packed = pack(texts)
    assert all(len(piece.encode()) <= ROOM for piece in packed.pieces.values())
    found = {key: unpack(packed.pieces[piece])[key] for key, piece in packed.piece_of.items()}
    assert {**found, **packed.alone} == texts
    assert sum(len(unpack(piece)) for piece in packed.pieces.values()) == len(packed.piece_of)


@given(st.dictionaries(keys, st.text("{}|a", max_size=20)))
def test_no_piece_looks_to_parameter_store_like_the_name_of_another(texts: dict[str, str]) -> None:
    pieces = pack(texts).pieces.values()
    assert not [piece for piece in pieces if re.search(r"\{\{.*\}\}", piece, re.DOTALL)]


def test_another_text_of_one_key_changes_one_piece() -> None:
    before = pack(MANY).pieces
    after = pack({**MANY, "database-123": "postgresql://reader:rotated@db.example/123"}).pieces
    assert len([number for number in before if before[number] != after[number]]) == 1
    assert before.keys() == after.keys()


def test_a_key_more_or_less_changes_one_piece_while_there_is_room() -> None:
    before = pack(MANY).pieces
    fewer = {key: text for key, text in MANY.items() if key != "database-007"}
    for changed in ({**MANY, "orders": "host=h"}, fewer):
        after = pack(changed).pieces
        assert len([number for number in before if before[number] != after[number]]) == 1


def test_three_hundred_databases_are_a_few_pieces_in_whatever_order_they_come() -> None:
    assert len(pack(MANY).pieces) == 8
    assert pack(dict(reversed(MANY.items()))).pieces == pack(MANY).pieces


def test_long_texts_take_no_piece_and_make_no_more_of_them() -> None:
    long = {f"long-{n}": "x" * 4000 for n in range(30)}
    packed = pack({**MANY, **long})
    assert packed.alone == long
    assert packed.pieces == pack(MANY).pieces


def test_no_text_takes_no_piece() -> None:
    assert pack({}).pieces == {}


@pytest.mark.parametrize("written", ["", "{", "[]", '{"orders": 7}', "[" * 4000])
def test_nonsense_written_past_the_deployment_is_refused(written: str) -> None:
    with pytest.raises(SecretsInvalid, match=r"is not \{key: text\}"):
        unpack(written)

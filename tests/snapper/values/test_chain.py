"""What a chain is written as is read back, and nothing else is."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from snapper.errors import BackupDamaged, SettingsError
from snapper.values.chain import Heads, Link, Ref, signed_text
from snapper.values.chain_material import Export
from snapper.values.manifest import Manifest
from snapper.values.seal import write_sealed
from snapper.values.tombstone import Tombstone, tombstone_number
from tests.support.chains import KEYS, World
from tests.support.manifests import NOON, manifest

REF = Ref(NOON, 7, "ab" * 32)
LINK = Link(8, (REF,), KEYS[0].arn, "MEUC")
STONE = Tombstone("orders", REF, (replace(REF, number=6),), False, "old", NOON, KEYS[0].arn, "MEUC")

Change = Callable[[dict[str, Any]], object]


def test_a_signed_manifest_is_read_as_it_was_written() -> None:
    signed = manifest(chain=LINK)
    assert Manifest.from_json(signed.to_json()) == signed


def test_an_unsigned_one_is_what_it_always_was() -> None:
    assert "chain" not in json.loads(manifest().to_json())


@pytest.mark.parametrize(
    "change",
    [
        lambda link: link.update(number=0),
        lambda link: link.update(number="8"),
        lambda link: link.update(key="a b"),
        lambda link: link.update(signature=""),
        lambda link: link.update(more=1),
        lambda link: link.pop("previous"),
        lambda link: link.update(previous={}),
        lambda link: link["previous"][0].update(sha256="AB" * 32),
        lambda link: link["previous"][0].update(number=-1),
        lambda link: link.update(previous=link["previous"] * 2001),
    ],
)
def test_a_link_of_another_form_is_damage(change: Change) -> None:
    document = manifest(chain=LINK).to_dict()
    change(document["chain"])
    with pytest.raises(BackupDamaged, match="chain"):
        Manifest.from_json(write_sealed(document))


def test_all_but_seal_and_signature_is_signed() -> None:
    signed = manifest(chain=LINK)
    document = json.loads(signed.to_json())
    text = signed_text(document)
    assert text == signed_text(replace(signed, chain=replace(LINK, signature="AAAA")).to_dict())
    for name in set(document) - {"seal", "chain"}:
        assert signed_text({**document, name: "another"}) != text, name
    for name in ("number", "previous", "key"):
        assert signed_text({**document, "chain": {**document["chain"], name: 9}}) != text, name


def test_a_tombstone_is_read_as_it_was_written_and_has_its_number_in_its_name() -> None:
    assert Tombstone.from_json(STONE.to_json().encode()) == STONE
    assert tombstone_number("orders", STONE.object_key) == 7
    assert tombstone_number("order", STONE.object_key) is None
    assert tombstone_number("orders", "_chain/orders/notes.json") is None


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", STONE.to_json().encode()[:-9]])
def test_nonsense_is_no_tombstone(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Tombstone.from_json(raw)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 2}', '{"version": 1}'])
def test_nonsense_is_no_export_and_no_heads(text: str) -> None:
    with pytest.raises(SettingsError, match="is no export"):
        Export.from_json(text, "it")
    with pytest.raises(ValueError, match=r"."):
        Heads.from_json(text)


def test_of_two_who_record_at_once_neither_is_forgotten() -> None:
    world, others = World(), [replace(REF, number=number) for number in (8, 9)]
    world.newest.record("orders", REF, (), KEYS[0].arn, 0)
    seen = world.newest.known("orders").version
    for each in others:  # both have read before either writes
        world.newest.record("orders", each, (REF,), KEYS[0].arn, seen)
    heads = world.newest.known("orders").heads
    assert heads
    assert set(heads.refs) == set(others)
    assert len(world.newest.history("orders")) == 4


def test_what_somebody_else_has_put_there_is_nothing_to_a_dump_and_damage_to_who_verifies() -> None:
    world = World()
    world.dump()
    world.parameters.put_parameter(Name="/snapper/tried/CHAIN/orders", Value="hello")
    assert world.newest.known("orders").heads is None
    world.dump()
    with pytest.raises(BackupDamaged, match="is not as Snapper writes it"):
        world.newest.history("orders")

"""Each thing that somebody may do has its own word; what is honest and odd has none."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from snapper.values.chain import Link, signed_text
from snapper.values.chain_finding import Wrong
from snapper.values.chain_judge import judge_chain
from snapper.values.chain_material import Export, Material
from snapper.verbs.catalog import backups
from snapper.verbs.prune import delete
from tests.support import tampering
from tests.support.chains import BEGINNING, KEY, KEYS, World
from tests.support.tampering import Tampering

CHANCE = random.Random(1)  # noqa: S311  it picks what is tampered with


@pytest.fixture
def world() -> World:
    made = World()
    for _ in range(3):
        made.dump()
    return made


def kinds(world: World) -> set[str]:
    return {each.kind for each in world.judged().findings}


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (tampering.removes_a_dump, {Wrong.REMOVED}),
        (tampering.changes_a_field, {Wrong.REPLACED}),
        (tampering.changes_the_bytes_alone, {Wrong.REPLACED}),
        (tampering.takes_the_signature_away, {Wrong.REPLACED}),
        (tampering.signs_by_another_key, {Wrong.REPLACED}),
        (tampering.plants_a_signed_one, {Wrong.FORGED}),
        (tampering.plants_an_unsigned_one, {Wrong.UNSIGNED}),
        (tampering.copies_a_manifest, {Wrong.COPIED}),
        (tampering.swaps_two, {Wrong.REORDERED}),
        (tampering.marks_another_beginning, {Wrong.REORDERED}),
        (tampering.brings_back_what_was_pruned, {Wrong.BROUGHT_BACK}),
        (tampering.rolls_the_bucket_back, {Wrong.ROLLED_BACK}),
    ],
)
def test_each_has_its_own_word(world: World, tamper: Tampering, words: set[str]) -> None:
    assert tamper(world, CHANCE)
    assert kinds(world) == words


def test_what_is_named_by_others_is_removed_and_the_newest_rolled_back(world: World) -> None:
    first, *_, last = sorted(world.manifests())
    world.bucket.delete(first)
    assert kinds(world) == {Wrong.REMOVED}
    world.bucket.delete(last)
    assert kinds(world) == {Wrong.REMOVED, Wrong.ROLLED_BACK}


def test_a_forged_tombstone_hides_nothing_and_is_told_too(world: World) -> None:
    assert tampering.forges_a_tombstone_for_what_it_removes(world, CHANCE)
    assert Wrong.FORGED in kinds(world)
    assert kinds(world) & {Wrong.REMOVED, Wrong.ROLLED_BACK}


def test_the_signature_of_a_manifest_is_none_of_a_tombstone(world: World) -> None:
    assert tampering.makes_a_manifests_signature_that_of_a_tombstone(world, CHANCE)
    assert Wrong.FORGED in kinds(world)


def test_two_at_once_are_two_heads_that_the_next_one_joins(world: World) -> None:
    one, other = world._dump(0, late=False), world._dump(0, late=False)
    for _ in range(5):
        next(one, None)
        next(other, None)
    assert kinds(world) == set()
    joining = world.dump()
    assert joining.chain
    assert len(joining.chain.previous) == 2
    assert {ref.number for ref in joining.chain.previous} == {4}
    assert joining.chain.number == 5


def test_what_was_there_before_is_named_and_told_and_missed_when_it_goes() -> None:
    world = World()
    world.turn_off()
    old = [world.dump(), world.dump()]
    world.turn_on()
    first = world.dump()
    assert first.chain
    assert [ref.number for ref in first.chain.previous] == [0, 0]
    found = world.judged()
    assert (found.findings, found.signed, found.unsigned) == ((), 1, 2)
    assert "2 not signed" in found.remarks[0]
    world.bucket.delete(old[0].key)
    assert kinds(world) == {Wrong.REMOVED}


def test_switched_off_and_on_again_what_happened_in_between_is_told_and_no_finding(
    world: World,
) -> None:
    world.turn_off()
    world.dump()
    assert "does not sign" in " ".join(world.judged().remarks)
    world.prune(1)
    assert kinds(world) == set()
    assert "gone since then" in " ".join(world.judged().remarks)
    world.turn_on()
    world.dump()
    found = world.judged()
    assert (found.findings, found.signed, found.unsigned) == ((), 1, 1)
    world.wait(timedelta(days=3))
    assert tampering.plants_an_unsigned_one(world, CHANCE)
    assert kinds(world) == {Wrong.UNSIGNED}


def test_what_the_parameter_does_not_know_yet_is_said(world: World) -> None:
    world.begin()
    for _ in range(3):
        world.step(0)
    world.die(0)
    found = world.judged()
    assert found.findings == ()
    assert "number 4 is not yet recorded" in " ".join(found.remarks)


def test_a_key_that_is_gone_leaves_unchecked_what_it_has_signed(world: World) -> None:
    material = replace(world.material(), unknown=frozenset({KEYS[0].arn}))
    found = judge_chain(material, lambda *_: False)
    assert {each.kind for each in found.findings} == {Wrong.UNCHECKED}
    assert found.unchecked
    assert not found.damaged


def test_what_cannot_be_read_is_unchecked(world: World) -> None:
    material = world.material()
    gone, *rest = material.manifests
    unread = replace(material, manifests=tuple(rest), unreadable={gone.key: "it is archived"})
    (found,) = judge_chain(unread, world.check()).findings
    assert (found.kind, "it is archived" in found.fact) == (Wrong.UNCHECKED, True)


def test_of_many_prunes_some_tombstones_stay_and_no_more() -> None:
    world = World()
    for _ in range(70):
        world.dump()
        world.prune(2)
    assert len(world.tombstones()) == 51
    assert kinds(world) == set()


def test_an_export_gives_the_same_verdict(world: World) -> None:
    world.prune(2)
    assert tampering.removes_a_dump(world, CHANCE)
    export = Export("prod", BEGINNING, KEYS[0].arn, (KEYS[0].pem,), (world.material(),))
    read = Export.from_json(export.to_json(), "file")
    assert read == export
    assert judge_chain(read.chains[0], world.check()) == world.judged()


def test_nothing_at_all_is_nothing_wrong() -> None:
    found = judge_chain(Material("orders"), lambda *_: True)
    assert (found.findings, found.remarks, found.newest) == ((), (), 0)


@pytest.mark.parametrize("number", [10**9, 4], ids=["out of the blue", "the next"])
def test_who_could_sign_once_has_nothing_taken_for_pruned_later(world: World, number: int) -> None:
    bare, key = world.bare(), KEYS[0]
    link = Link(number, (), key.arn)
    signature = key.sign(signed_text(replace(bare, chain=link).to_dict()))
    planted = replace(bare, chain=replace(link, signature=signature))
    world.bucket.make(planted.dump_key, b"x" * planted.backup_bytes)
    world.bucket.make(planted.key, planted.to_json().encode())
    assert kinds(world) == {Wrong.REORDERED}
    world.dump()
    (buried,) = (each for each in backups(world.vault, KEY) if each.manifest_key == planted.key)
    world.undertaker.bury(buried, "beyond the count")
    delete(world.vault, buried)
    assert kinds(world) == {Wrong.REORDERED}, "it is known when it is gone, too"
    world.bucket.delete(sorted(world.manifests())[0])
    assert kinds(world) == {Wrong.REORDERED, Wrong.REMOVED}

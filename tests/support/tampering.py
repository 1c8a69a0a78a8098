"""What somebody who may write to the bucket, and delete from it, may do to a chain.

Each kind gives None where the history has nothing of the sort to be done to.
"""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from snapper.values.chain import Link, Ref
from snapper.values.keys import mark_key
from snapper.values.manifest import Manifest
from snapper.values.tombstone import Tombstone
from snapper.verbs.chain_link import ref_of
from tests.support.chains import KEY, Key, World

STRANGER = Key("arn:aws:kms:eu-central-1:000000000000:key/stranger")

Tampering = Callable[[World, random.Random], object]


def _known(world: World) -> list[Manifest]:
    """Give the signed manifests that others name, or Parameter Store does."""
    known = {ref.sha256 for heads in world.newest.history(KEY) for ref in heads.refs}
    found = [Manifest.from_json(body) for body in world.manifests().values()]
    key = world.signing.arn if world.signing else ""
    for each in found:
        if each.chain and each.chain.key == key:
            known |= {ref.sha256 for ref in each.chain.previous}
    stones = {Tombstone.from_json(body).buried.sha256 for body in world.tombstones().values()}
    return [
        each
        for each in found
        if ref_of(each).sha256 in known - stones and (each.chain and each.chain.key == key)
    ]


def _some(world: World, chance: random.Random) -> Manifest | None:
    return chance.choice(found) if (found := _known(world)) else None


def _write(world: World, key: str, body: bytes) -> bool:
    world.bucket.delete(key)
    world.bucket.make(key, body)
    return True


def removes_a_manifest(world: World, chance: random.Random) -> object:
    if one := _some(world, chance):
        world.bucket.delete(one.key)
    return one


def removes_a_whole_backup(world: World, chance: random.Random) -> object:
    if one := _some(world, chance):
        world.bucket.delete(one.key)
        world.bucket.delete(one.dump_key)
    return one


def removes_a_dump(world: World, chance: random.Random) -> object:
    if one := _some(world, chance):
        world.bucket.delete(one.dump_key)
    return one


def removes_everything(world: World, chance: random.Random) -> object:
    one = _some(world, chance)
    world.bucket.objects.clear()
    return one


def changes_a_field(world: World, chance: random.Random) -> object:
    if one := _some(world, chance):
        changed = replace(one, sha256="cd" * 32)
        _write(world, one.key, changed.to_json().encode())
    return one


def changes_the_bytes_alone(world: World, chance: random.Random) -> object:
    if one := _some(world, chance):
        _write(world, one.key, json.dumps(json.loads(one.to_json())).encode())
    return one


def puts_garbage(world: World, chance: random.Random) -> object:
    return (one := _some(world, chance)) and _write(world, one.key, b"\x00 nothing")


def takes_the_signature_away(world: World, chance: random.Random) -> object:
    one = _some(world, chance)
    return one and _write(world, one.key, replace(one, chain=None).to_json().encode())


def signs_by_another_key(world: World, chance: random.Random) -> object:
    one = _some(world, chance)
    return one and _write(world, one.key, _forged(one, STRANGER, one.chain).to_json().encode())


def plants_a_signed_one(world: World, chance: random.Random) -> object:
    if not (one := _some(world, chance)) or one.chain is None:
        return None
    link = replace(one.chain, number=one.chain.number + 1, previous=(ref_of(one),))
    later = replace(one, scheduled_at=one.scheduled_at + timedelta(days=9))
    world.bucket.make(later.dump_key, b"x" * later.backup_bytes)
    return _write(world, later.key, _forged(later, STRANGER, link).to_json().encode())


def plants_an_unsigned_one(world: World, chance: random.Random) -> object:
    if not (one := _some(world, chance)):
        return None
    world.wait(timedelta(days=3))
    later = replace(one, scheduled_at=one.scheduled_at + timedelta(days=9), chain=None)
    world.bucket.make(later.dump_key, b"x" * later.backup_bytes)
    return _write(world, later.key, later.to_json().encode())


def copies_a_manifest(world: World, chance: random.Random) -> object:
    if not (one := _some(world, chance)):
        return None
    later = replace(one, scheduled_at=one.scheduled_at + timedelta(days=9))
    world.bucket.make(later.dump_key, b"x" * later.backup_bytes)
    return _write(world, later.key, one.to_json().encode())


def swaps_two(world: World, chance: random.Random) -> object:
    if len(found := _known(world)) < 2:
        return None
    one, other = chance.sample(found, 2)
    _write(world, one.key, other.to_json().encode())
    return _write(world, other.key, one.to_json().encode())


def marks_another_beginning(world: World, chance: random.Random) -> object:
    if one := _some(world, chance):
        at = one.scheduled_at
        world.bucket.put(mark_key(KEY, at, one.started_at + timedelta(hours=5)), b"")
    return one


def forges_a_tombstone_for_what_it_removes(world: World, chance: random.Random) -> object:
    if not (one := _some(world, chance)):
        return None
    stone = _stone(ref_of(one))
    stone = replace(stone, signature=STRANGER.sign(stone.to_be_signed()))
    world.bucket.put(stone.object_key, stone.to_json().encode())
    world.bucket.delete(one.key)
    return one


def makes_a_manifests_signature_that_of_a_tombstone(world: World, chance: random.Random) -> object:
    if not (one := _some(world, chance)) or one.chain is None:
        return None
    stone = replace(_stone(ref_of(one)), key=one.chain.key, signature=one.chain.signature)
    world.bucket.put(stone.object_key, stone.to_json().encode())
    world.bucket.delete(one.key)
    return one


def brings_back_what_was_pruned(world: World, chance: random.Random) -> object:
    found = _known(world)
    world.prune(max(len(found) - 1, 1))
    gone = [each for each in found if each.key not in world.bucket.objects]
    if not gone:
        return None
    one = chance.choice(gone)
    world.bucket.put(one.dump_key, b"x" * one.backup_bytes)
    return _write(world, one.key, one.to_json().encode())


def rolls_the_bucket_back(world: World, chance: random.Random) -> object:
    before = dict(world.bucket.objects)
    for _ in range(chance.randint(1, 3)):
        world.dump()
    if chance.random() < 0.5:
        world.prune(1)
    world.bucket.objects.clear()
    world.bucket.objects.update(before)
    return world.signing


def removes_what_was_just_made_beside_another(world: World, chance: random.Random) -> object:
    """Two dumps at once: the one of which Parameter Store no longer says that it is the newest."""
    one, other = world._dump(0, late=False), world._dump(0, late=False)
    before = set(world.manifests())
    for _ in range(5):
        for each in (one, other):
            next(each, None)
    made = sorted(set(world.manifests()) - before)
    world.bucket.delete(chance.choice(made))
    return world.signing


def _forged(one: Manifest, key: Key, link: Link | None) -> Manifest:
    assert link
    bare = replace(one, chain=replace(link, key=link.key, signature=""))
    from snapper.values.chain import signed_text

    return replace(bare, chain=replace(link, signature=key.sign(signed_text(bare.to_dict()))))


def _stone(buried: Ref) -> Tombstone:
    at = buried.scheduled_at + timedelta(days=1)
    return Tombstone(KEY, buried, (), True, "beyond the count", at, STRANGER.arn)


KINDS: tuple[Tampering, ...] = (
    removes_a_manifest,
    removes_a_whole_backup,
    removes_a_dump,
    removes_everything,
    changes_a_field,
    changes_the_bytes_alone,
    puts_garbage,
    takes_the_signature_away,
    signs_by_another_key,
    plants_a_signed_one,
    plants_an_unsigned_one,
    copies_a_manifest,
    swaps_two,
    marks_another_beginning,
    forges_a_tombstone_for_what_it_removes,
    makes_a_manifests_signature_that_of_a_tombstone,
    brings_back_what_was_pruned,
    rolls_the_bucket_back,
    removes_what_was_just_made_beside_another,
)

"""What is proven of a sealed backup with a key and without, and what of both is remembered."""

from datetime import timedelta
from functools import partial
from typing import cast

import pytest

from snapper.aws.vault import Vault
from snapper.errors import NoKey, WrongKey
from snapper.sealing.identity import Identity
from snapper.sealing.seal import seal
from snapper.values.drill import Drill
from snapper.values.keys import Kind
from snapper.values.manifest import Manifest
from snapper.values.options import UNSET
from snapper.values.verification import WITHOUT_OPENING, Restored, Verification
from snapper.verbs.catalog import holding_at, listing
from snapper.verbs.drill import Prover
from snapper.verbs.drills import SHUT, unproven_since
from snapper.verbs.judge import Judged, judge
from snapper.verbs.trial import last_trial
from snapper.verbs.unsealed import Backups, Opening, unsealed, without_key
from tests.snapper.verbs.test_drill import Trying
from tests.support.backups import store
from tests.support.databases import AT
from tests.support.recording import RecordedEvents
from tests.support.restores import flip
from tests.support.sealed import KEY as OURS
from tests.support.sealed import OTHER as OTHERS
from tests.support.sealed_backups import sealed_now, store_sealed

NOW = AT + timedelta(hours=5)
LATER = NOW + timedelta(days=1)
DRILL = Drill("orders", AT, NOW)
RESTORED = Restored(2, 300, 4.5)


def by(*keys: Identity) -> Opening:
    return lambda vault, made: unsealed(vault, made, keys)


def judged(vault: Vault, opening: Opening, at: object = NOW, **more: object) -> Judged:
    return judge(vault, holding_at(vault, "orders", AT), at, opening=opening, **more)  # type: ignore[arg-type]


def verdict(vault: Vault) -> Verification:
    (listed,) = listing(vault, "orders", LATER)
    assert listed.verification
    return listed.verification


def test_without_a_key_it_is_sound_as_far_as_that_can_be_told_and_the_record_says_so(
    vault: Vault,
) -> None:
    store_sealed(vault, AT)
    found = judged(vault, without_key)
    assert isinstance(found.error, NoKey)
    assert verdict(vault) == found.verdict
    assert (found.verdict.sound, found.verdict.unopened) == (True, True)
    assert found.verdict.reason == WITHOUT_OPENING
    assert found.verdict.never_opened


def test_another_key_proves_no_more_and_says_nothing_of_the_backup(vault: Vault) -> None:
    store_sealed(vault, AT)
    found = judged(vault, by(OTHERS))
    assert isinstance(found.error, WrongKey)
    assert found.verdict.unopened
    assert verdict(vault).sound


def test_what_was_opened_once_stays_so_when_it_is_read_without_a_key(vault: Vault) -> None:
    store_sealed(vault, AT)
    assert not judged(vault, by(OURS)).verdict.unopened
    again = judged(vault, without_key, LATER).verdict
    assert (again.verified_at, again.opened_at, again.never_opened) == (LATER, NOW, False)
    assert verdict(vault) == again


def test_every_other_object_in_its_place_is_seen_without_a_key(vault: Vault) -> None:
    made = store_sealed(vault, AT)
    vault.put(made.dump_key, flip(vault.read(made.dump_key)))
    assert "is not what was stored" in judged(vault, without_key).verdict.reason


@pytest.mark.parametrize("inside", ["nobody", "another key", "other bytes"])
def test_a_manifest_that_says_otherwise_than_the_header_is_seen_without_a_key(
    inside: str, vault: Vault
) -> None:
    made = store_sealed(vault, AT, (OURS, OTHERS))
    packed = b"x" * (made.packed_bytes + (inside == "other bytes"))
    recipients = [OURS.recipient, OTHERS.recipient][: 1 if inside == "another key" else 2]
    text = b"no age file" if inside == "nobody" else seal(packed, recipients)
    vault.delete(made.dump_key)
    store(
        vault,
        AT,
        body=text,
        recipients=made.recipients,
        packed_bytes=made.packed_bytes,
        packed_sha256=made.packed_sha256,
    )
    assert not judged(vault, without_key).verdict.sound


def test_damage_inside_is_found_with_a_key_and_undone_by_nobody_without_one(vault: Vault) -> None:
    sealed_now(vault, store(vault, AT, body=b"no gzip, but long enough"))
    assert judged(vault, without_key).verdict.sound
    found = judged(vault, by(OURS)).verdict
    assert (found.sound, found.inside) == (False, True)
    again = judged(vault, without_key, LATER).verdict
    assert (again.sound, again.reason, again.verified_at) == (False, found.reason, LATER)
    assert Kind.DAMAGED in holding_at(vault, "orders", AT, LATER).objects


def proven(vault: Vault, events: RecordedEvents, opening: Opening) -> str:
    prover = Prover(
        vault,
        events,
        {"orders": UNSET},
        engines=lambda _: Trying(RESTORED),
        opening=opening,
        now=lambda: NOW,
    )
    return prover.prove(DRILL)


def test_a_drill_with_a_key_restores_a_sealed_backup(vault: Vault, events: RecordedEvents) -> None:
    store_sealed(vault, AT)
    assert proven(vault, events, by(OURS)) == ""
    assert events.names() == ["drill.began", "drill.ended"]
    assert verdict(vault).restored == RESTORED


def test_a_drill_without_a_key_proves_what_it_can_and_is_no_proof(
    vault: Vault, events: RecordedEvents
) -> None:
    store_sealed(vault, AT)
    assert proven(vault, events, without_key) == ""
    assert events.names() == ["drill.began", "drill.unopened"]
    assert events.fields("drill.unopened")["reason"] == WITHOUT_OPENING
    assert verdict(vault).unopened
    trial = last_trial(vault, "orders", NOW)
    assert trial
    assert unproven_since(trial, ()) == NOW
    assert "drillIdentity" in SHUT


def test_a_drill_by_another_key_is_loud_and_says_nothing_of_the_backup(
    vault: Vault, events: RecordedEvents
) -> None:
    store_sealed(vault, AT)
    with pytest.raises(WrongKey):
        proven(vault, events, by(OTHERS))
    assert events.names() == ["drill.began"]
    assert verdict(vault).sound


def test_a_restore_for_the_proof_reads_what_is_opened(vault: Vault) -> None:
    store_sealed(vault, AT)
    given = list[tuple[Backups, Manifest]]()

    def restore(backups: Backups, made: Manifest) -> Restored:
        given.append((backups, made))
        return RESTORED

    found = judged(vault, by(OURS), restore=partial(restore))
    assert found.verdict.restored == RESTORED
    assert cast("object", given[0][0]) is not vault

"""Manifests and verdicts that were edited, lost, swapped or forged: nobody is taken in."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapper.errors import AwsFailed, BackupDamaged, BackupNotFound
from snapper.values.keys import Kind, object_key
from snapper.values.manifest import Manifest
from snapper.values.seal import write_sealed
from snapper.values.verification import Verification
from snapper.verbs.catalog import holding_at, listing
from snapper.verbs.choice import find
from snapper.verbs.verify import record, verify
from tests.support.damage import (
    MANIFEST,
    NOW,
    OBJECT,
    OTHER,
    VERDICT,
    WHOLE,
    assert_damage_is_told,
    flipped,
    listed,
    problems,
    store,
)
from tests.support.databases import AT
from tests.support.faults import faulted
from tests.support.few import few
from tests.support.manifests import manifest
from tests.support.twin import MemoryVault

# By sevens each byte has its turn, and each of the eight bits.
EVERY = pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.long)])


@EVERY
def test_a_flipped_bit_in_a_manifest_is_found_wherever_it_is(every: int) -> None:
    vault = MemoryVault()
    made = store(vault)
    for body in flipped(made.to_json())[::every]:
        with faulted(MANIFEST):
            vault.put(made.key, body)
            assert listed(vault).fault
            with pytest.raises(BackupDamaged):
                find(vault, "orders")
    assert "damaged" in problems(vault)


@pytest.mark.parametrize("name", few(manifest().to_dict(), 6))
@settings(max_examples=25)
@given(data=st.data())
def test_an_edited_field_of_a_manifest_is_found(name: str, data: st.DataObject) -> None:
    vault = MemoryVault()
    made = store(vault)
    written = json.loads(made.to_json())
    before = written[name]
    alike = st.from_type(type(before)) if not isinstance(before, list) else st.lists(st.text())
    anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    value = data.draw((alike | anything).filter(lambda new: json.dumps(new) != json.dumps(before)))
    with faulted(MANIFEST):
        vault.put(made.key, json.dumps({**written, name: value}).encode())
        assert listed(vault).fault
        assert "damaged" in problems(vault)
        with pytest.raises(BackupDamaged):
            find(vault, "orders")


@pytest.mark.parametrize("name", ["sha256", "dump_bytes", "backup_bytes"])
def test_a_manifest_forged_with_its_seal_is_found_by_what_it_says_of_the_object(name: str) -> None:
    vault = MemoryVault()
    made = store(vault)
    value = made.to_dict()[name]
    with faulted(MANIFEST):
        forged = write_sealed(
            {**made.to_dict(), name: value + 1 if isinstance(value, int) else value[::-1]}
        )
        vault.put(made.key, forged.encode())
        assert_damage_is_told(vault, Manifest.from_json(forged))


def test_swapped_objects_and_swapped_manifests_are_found() -> None:
    for kind in (Kind.DUMP, Kind.MANIFEST):
        vault = MemoryVault()
        made = [store(vault), store(vault, AT - timedelta(days=1), OTHER)]
        first, second = (object_key("orders", each.scheduled_at, kind) for each in made)
        with faulted(OBJECT if kind is Kind.DUMP else MANIFEST):
            vault.objects[first], vault.objects[second] = (
                vault.objects[second],
                vault.objects[first],
            )
            if kind is Kind.DUMP:
                for each in made:
                    assert not verify(vault, each, NOW).sound
            else:
                assert [bool(each.fault) for each in listing(vault, "orders")] == [True, True]


def test_a_dump_that_is_gone_is_told_and_the_older_backup_is_still_to_be_had() -> None:
    vault = MemoryVault()
    made, older = store(vault), store(vault, AT - timedelta(days=1))
    with faulted(OBJECT):
        vault.delete(made.dump_key)
        assert "is gone" in listed(vault).fault
        assert "damaged" in problems(vault)
        warnings: list[str] = []
        assert find(vault, "orders", warn=warnings.append) == older
        assert ["is gone" in warning for warning in warnings] == [True]
        with pytest.raises(BackupDamaged, match="is gone"):
            find(vault, "orders", made.scheduled_at)
        assert find(vault, "orders", older.scheduled_at) == older


@pytest.mark.parametrize("with_verdict", [False, True])
def test_a_dump_without_its_manifest_is_no_backup(with_verdict: bool) -> None:
    vault = MemoryVault()
    made = store(vault)
    if with_verdict:
        record(vault, "orders", made.scheduled_at, verify(vault, made, NOW))
    with faulted(MANIFEST):
        vault.delete(made.key)
        assert listing(vault, "orders") == []
        assert problems(vault) == ("no backup",)
        with pytest.raises(BackupNotFound):
            find(vault, "orders")


@EVERY
def test_a_flipped_bit_in_a_verdict_is_found_wherever_it_is(every: int) -> None:
    vault = MemoryVault()
    made = store(vault)
    verdict = verify(vault, made, NOW)
    for body in flipped(verdict.to_json())[::every]:
        with faulted(VERDICT):
            vault.put(object_key("orders", AT, verdict.kind), body)
            assert listed(vault).fault
            assert listed(vault).verification is None


def test_a_verdict_on_another_object_counts_for_nothing() -> None:
    vault = MemoryVault()
    made = store(vault)
    with faulted(VERDICT):
        record(vault, "orders", made.scheduled_at, Verification(NOW, "cd" * 32, sound=True))
        assert listed(vault).verification is None


def test_a_verdict_from_before_the_object_was_overwritten_counts_for_nothing() -> None:
    vault = MemoryVault()
    made = store(vault)
    record(vault, "orders", made.scheduled_at, verify(vault, made, NOW))
    with faulted(VERDICT):
        vault.put(made.dump_key, OTHER[: len(WHOLE)])
        vault.changed[made.dump_key] += timedelta(seconds=1)
        assert listed(vault).verification is None


def test_of_two_verdicts_the_newer_counts_and_in_the_same_second_the_worse() -> None:
    vault = MemoryVault()
    made = store(vault)
    sound = Verification(NOW, made.sha256, sound=True)
    unsound = Verification(NOW, made.sha256, sound=False, reason="one bit is flipped")
    for verdict in (sound, unsound):
        record(vault, "orders", AT, verdict)
        key = object_key("orders", AT, verdict.kind)
        vault.changed[key] = vault.changed[made.dump_key]
    for newer, counts in ((0, unsound), (1, sound), (-1, unsound)):
        with faulted(VERDICT):
            vault.changed[object_key("orders", AT, Kind.VERIFICATION)] += timedelta(seconds=newer)
            assert listed(vault).verification == counts
            assert holding_at(vault, "orders", AT).entry.damaged is not counts.sound


def test_a_verdict_that_cannot_be_recorded_leaves_the_one_that_was_there() -> None:
    vault = MemoryVault()
    made = store(vault)
    record(vault, "orders", AT, Verification(NOW, made.sha256, sound=False, reason="cut short"))
    with faulted(VERDICT):
        full = Unwritable(vault.objects)
        full.changed = vault.changed
        with pytest.raises(AwsFailed):
            record(full, "orders", AT, Verification(NOW, made.sha256, sound=True))
        assert listed(full).damage == "cut short"
        assert holding_at(full, "orders", AT).entry.damaged


class Unwritable(MemoryVault):
    """Refuses every write."""

    def put(self, key: str, body: bytes, kind: str = "") -> None:
        raise AwsFailed(f"s3:PutObject of {key} failed: SlowDown")


def test_a_forged_verdict_is_replaced_by_the_next_true_one() -> None:
    vault = MemoryVault()
    made = store(vault)
    with faulted(VERDICT):
        vault.put(made.dump_key, WHOLE[:-1] + b"\1")
        record(vault, "orders", made.scheduled_at, Verification(NOW, made.sha256, sound=True))
        assert_damage_is_told(vault, made)

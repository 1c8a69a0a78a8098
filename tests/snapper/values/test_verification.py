"""The verdict on a backup: written beside it, read back, never believed when it cannot be read."""

import json

import pytest

from snapper.errors import BackupDamaged
from snapper.values.seal import write_sealed
from snapper.values.verification import Restored, Verification
from tests.support.manifests import NOON

READ = Verification(NOON, "ab" * 32, sound=True)


@pytest.mark.parametrize(
    "verdict",
    [
        READ,
        Verification(NOON, "ab" * 32, sound=False, reason="cut short"),
        Verification(NOON, "ab" * 32, sound=True, restored=Restored(3, 12_000, 1.5)),
    ],
)
def test_it_is_read_as_it_was_written(verdict: Verification) -> None:
    assert Verification.from_json(verdict.to_json()) == verdict


def test_its_time_and_version_are_for_other_programs_too() -> None:
    written = json.loads(READ.to_json())
    assert written["verified_at"] == "2026-11-23T12:00:00Z"
    assert written["version"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"verified_at": "yesterday"},
        {"verified_at": 7},
        {"restored": {"tables": 1}},
        {"restored": {"tables": 1, "rows": 1, "seconds": 1, "more": 1}},
        {"restored": "yes"},
        {"version": 2},
    ],
)
def test_nonsense_is_damage(change: dict[str, object]) -> None:
    with pytest.raises(BackupDamaged):
        Verification.from_json(write_sealed({**READ.to_dict(), **change}))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[" * 100_000])
def test_what_is_no_verdict_is_damage(text: str) -> None:
    with pytest.raises(BackupDamaged):
        Verification.from_json(text)


@pytest.mark.parametrize("sound", [1, "true", None, "no"])
def test_only_a_plain_true_is_sound(sound: object) -> None:
    assert not Verification.from_json(write_sealed({**READ.to_dict(), "sound": sound})).sound

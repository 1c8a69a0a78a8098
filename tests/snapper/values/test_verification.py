"""The verdict on a backup: written beside it, read back, never believed when it cannot be read."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from snapper.errors import BackupDamaged
from snapper.values.proof import Lacking, Proof
from snapper.values.seal import write_sealed
from snapper.values.verification import Accepted, FailedTrial, Restored, Verification
from tests.support.manifests import NOON

EARLIER = NOON - timedelta(days=7)
READ = Verification(NOON, "ab" * 32, sound=True)
PROVEN = Verification(EARLIER, "ab" * 32, True, restored=Restored(3, 9, 1.5), restored_at=EARLIER)
FAILED = Verification(EARLIER, "ab" * 32, True, failed=FailedTrial(EARLIER, "division by zero"))
ACCEPTED = FailedTrial(
    EARLIER,
    "division by zero",
    Accepted(NOON, "arn:aws:iam::1:user/ann", "a view that nobody uses"),
)


CLOSED = Restored(2, 1, 1.5, uncounted=1, remarks=("not counted: public.t",))


WITH_PROOF = replace(CLOSED, proof=Proof("18.6", 2, ("SELECT true",), Lacking(("postgis",))))


def test_a_plain_restore_is_written_as_earlier_snappers_read_it() -> None:
    assert Restored(3, 9, 1.5).to_dict() == {"tables": 3, "rows": 9, "seconds": 1.5}
    assert CLOSED.to_dict()["uncounted"] == 1
    assert WITH_PROOF.to_dict() == CLOSED.to_dict()


def test_no_more_is_kept_of_remarks_than_is_read_back() -> None:
    many = Restored(1, 1, 1.0, remarks=("x" * 20_000,) * 200)
    proven = replace(PROVEN, restored=many)
    assert Verification.from_json(proven.to_json()) == proven


@pytest.mark.parametrize(
    "verdict",
    [
        READ,
        Verification(NOON, "ab" * 32, sound=False, reason="cut short"),
        Verification(NOON, "ab" * 32, sound=True, restored=Restored(3, 12_000, 1.5)),
        Verification(NOON, "ab" * 32, True, restored=Restored(1, 1, 1.5), restored_at=EARLIER),
        Verification(NOON, "ab" * 32, True, restored=CLOSED, restored_at=EARLIER),
        Verification(NOON, "ab" * 32, True, restored=WITH_PROOF, restored_at=EARLIER),
        Verification(NOON, "ab" * 32, sound=True, failed=FailedTrial(EARLIER, "division by zero")),
        Verification(NOON, "ab" * 32, sound=True, failed=ACCEPTED),
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
        {"restored": {"tables": 1, "rows": 1, "seconds": 1, "uncounted": -1}},
        {"restored": {"tables": 1, "rows": 1, "seconds": 1, "remarks": "x"}},
        {"restored": {"tables": 1, "rows": 1, "seconds": 1, "remarks": [1]}},
        {"restored": "yes"},
        {"restored": {"tables": 1, "rows": 1, "seconds": 1}, "proof": "yes"},
        {"restored": {"tables": 1, "rows": 1, "seconds": 1}, "proof": {"server": "18"}},
        {"restored_at": "yesterday"},
        {"failed": "yes"},
        {"failed": {"at": "2026-11-23T12:00:00Z", "reason": "division by zero"}},
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


def test_to_read_it_again_takes_no_proof_away() -> None:
    again = READ.after(PROVEN)
    assert (again.verified_at, again.proven_at) == (NOON, EARLIER)
    assert again.restored == PROVEN.restored


def test_to_read_it_again_forgets_no_failed_trial() -> None:
    assert READ.after(FAILED).unrestorable == FAILED.failed


def test_a_proof_ends_a_failure_and_a_failure_keeps_the_older_proof() -> None:
    proven = replace(PROVEN, verified_at=NOON, restored_at=NOON)
    assert proven.after(FAILED) == proven
    failed = replace(READ, failed=FailedTrial(NOON, "division by zero")).after(PROVEN)
    assert failed.proven_at == EARLIER
    assert failed.unrestorable


def test_what_was_accepted_stays_so_for_the_same_reason_alone() -> None:
    accepted = replace(FAILED, failed=ACCEPTED)
    same = replace(READ, failed=FailedTrial(NOON, "division by zero")).after(accepted)
    assert same.failed == replace(ACCEPTED, at=NOON)
    assert same.unrestorable is None
    other = replace(READ, failed=FailedTrial(NOON, "no such function")).after(accepted)
    assert other.unrestorable


def test_nothing_is_kept_of_a_verdict_on_other_bytes_or_of_damage() -> None:
    assert READ.after(replace(PROVEN, sha256="cd" * 32)) == READ
    assert READ.after(replace(PROVEN, sound=False)) == READ
    damaged = replace(READ, sound=False, reason="cut short")
    assert damaged.after(PROVEN) == damaged


def test_the_record_of_an_earlier_release_has_one_time_for_both() -> None:
    written = {**PROVEN.to_dict()}
    del written["restored_at"], written["failed"]
    assert Verification.from_json(write_sealed(written)).proven_at == EARLIER

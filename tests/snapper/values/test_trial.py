"""The last trial of a database: it outlives its backup, and is not believed when changed."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from snapper.errors import BackupDamaged
from snapper.values.seal import SEAL, write_sealed
from snapper.values.trial import Trial
from snapper.values.verification import FailedTrial, Verification
from tests.support.manifests import NOON

TRIAL = Trial(NOON, NOON, Verification(NOON, "ab" * 32, True, failed=FailedTrial(NOON, "no")))


def test_it_is_read_as_it_was_written() -> None:
    assert Trial.from_json(TRIAL.to_json()) == TRIAL


def test_since_when_nothing_was_proven_travels_along_and_is_a_time_that_it_bears() -> None:
    since = replace(TRIAL, since=NOON - timedelta(days=3))
    assert Trial.from_json(since.to_json()) == since
    assert NOON - timedelta(days=3) in since.times
    plain = json.loads(TRIAL.to_json())
    del plain[SEAL]
    assert "since" not in plain
    with pytest.raises(BackupDamaged, match="cannot be read"):
        Trial.from_json(write_sealed({**plain, "since": 3}))


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[" * 100_000])
def test_what_is_no_trial_is_not_believed(text: str) -> None:
    with pytest.raises(BackupDamaged):
        Trial.from_json(text)


def test_a_changed_one_is_not_believed() -> None:
    found = json.loads(TRIAL.to_json())
    with pytest.raises(BackupDamaged, match="was changed"):
        Trial.from_json(json.dumps({**found, "begun_at": "2026-11-24T12:00:00Z"}))
    with pytest.raises(BackupDamaged, match="cannot be read"):
        Trial.from_json(write_sealed({"version": 1, "taken_at": "2026-11-24T12:00:00Z"}))

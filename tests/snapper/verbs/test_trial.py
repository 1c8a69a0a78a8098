"""What came of a trial is remembered until a later backup is proven, or somebody accepts it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from snapper.aws.vault import Vault
from snapper.errors import DatabaseUnreachable, RestoreFailed, SettingsError, SnapperError
from snapper.values.keys import trial_key
from snapper.values.trial import Trial
from snapper.values.verification import FailedTrial, Restored, Verification
from snapper.verbs.catalog import holdings, listing
from snapper.verbs.trial import accept_trial, attempt, last_trial, record_trial
from snapper.verbs.verify import record
from tests.support.backups import days, store
from tests.support.databases import AT

NOW = AT + timedelta(days=3)
READ = Verification(NOW, "ab" * 32, sound=True)
PROVEN = replace(READ, restored=Restored(1, 2, 3.0), restored_at=NOW)
FAILED = replace(READ, failed=FailedTrial(NOW, "division by zero"))


def trial(at: datetime, verdict: Verification) -> Trial:
    return Trial(at, at, verdict)


def failing(error: SnapperError) -> Verification:
    def restore() -> Restored:
        raise error

    verdict, told = attempt(READ, restore)
    assert told is error
    return verdict


def refusal(words: str) -> RestoreFailed:
    return RestoreFailed(words, against_backup=True)


def test_a_proof_has_its_own_time() -> None:
    assert attempt(READ, lambda: Restored(1, 2, 3.0)) == (PROVEN, None)


def test_a_failure_of_the_backup_is_kept_with_its_reason() -> None:
    assert failing(refusal("division by zero\nDETAIL: (7)")) == FAILED


def test_a_reason_holds_no_row_and_reads_the_same_the_next_time() -> None:
    def refused(part: str) -> Verification:
        place = f"/tmp/snapper-{part}/trial:5432/snapper-unfinished-{part}"
        words = "duplicate key DETAIL: Key (email)=(me@db.example)"
        return failing(refusal(f"{place} refused: {words}"))

    first, again = refused("0a" * 4), refused("1b" * 4)
    assert first == again
    assert first.failed is not None
    assert first.failed.reason == "… refused: duplicate key"


def test_what_the_server_lacks_and_what_is_away_says_nothing_against_the_backup() -> None:
    lacks = RestoreFailed("the extension is not available")
    assert failing(lacks) == failing(DatabaseUnreachable("nobody answers")) == READ


def test_the_trial_of_the_newest_backup_counts(vault: Vault) -> None:
    assert last_trial(vault, "orders") is None
    record_trial(vault, "orders", trial(days(1), FAILED))
    record_trial(vault, "orders", trial(AT, PROVEN))
    assert last_trial(vault, "orders") == replace(trial(days(1), FAILED), since=NOW)
    record_trial(vault, "orders", trial(days(2), PROVEN))
    assert last_trial(vault, "orders") == trial(days(2), PROVEN)


@pytest.mark.parametrize("newest", [READ, FAILED, PROVEN])
def test_the_proof_of_an_older_backup_is_one_and_hides_no_failure(
    newest: Verification, vault: Vault
) -> None:
    """As of one that an operator has restored where the newest is too large for the prover."""
    record_trial(vault, "orders", trial(days(2), newest))
    later = NOW + timedelta(minutes=1)
    for proven_at in (later, NOW - timedelta(days=1)):
        verdict = replace(PROVEN, verified_at=proven_at, restored_at=proven_at)
        record_trial(vault, "orders", trial(days(1), verdict))
        known = last_trial(vault, "orders", later)
        assert known
        assert (known.taken_at, known.verdict) == (days(2), newest)
        assert known.unproven_since == later


def test_a_trial_that_proves_nothing_remembers_when_something_was_proven(vault: Vault) -> None:
    later = replace(FAILED, verified_at=NOW + timedelta(minutes=1))
    record_trial(vault, "orders", trial(AT, PROVEN))
    for number, verdict in enumerate((later, READ, later)):
        record_trial(vault, "orders", trial(days(number), verdict))
        known = last_trial(vault, "orders")
        assert known
        assert (known.taken_at, known.unproven_since) == (days(number), NOW)


def test_where_nothing_was_ever_proven_that_is_known_since_the_first_trial(vault: Vault) -> None:
    for number in range(2):
        read = replace(READ, verified_at=NOW + timedelta(minutes=number))
        record_trial(vault, "orders", trial(days(number), read))
    known = last_trial(vault, "orders")
    assert known
    assert known.unproven_since == NOW


def test_a_record_that_cannot_be_read_is_replaced(vault: Vault) -> None:
    vault.put(trial_key("orders"), b"{")
    record_trial(vault, "orders", trial(AT, PROVEN))
    assert last_trial(vault, "orders") == trial(AT, PROVEN)


def test_it_is_of_no_backup_and_outlives_them_all(vault: Vault) -> None:
    record_trial(vault, "orders", trial(AT, FAILED))
    assert holdings(vault, "orders") == []


def test_the_operators_word_stands_with_the_trial_and_beside_its_backup(vault: Vault) -> None:
    made = store(vault, AT)
    verdict = replace(FAILED, sha256=made.sha256)
    record(vault, "orders", AT, verdict)
    record_trial(vault, "orders", trial(AT, verdict))
    accept_trial(vault, "orders", "ann", "nobody uses that view", NOW)
    known = last_trial(vault, "orders")
    (listed,) = listing(vault, "orders")
    for found in (known and known.verdict, listed.verification):
        assert found
        assert found.unrestorable is None
        assert found.failed
        assert found.failed.accepted
        assert (found.failed.accepted.by, found.failed.accepted.at) == ("ann", NOW)


def test_it_is_accepted_also_when_its_backup_is_gone(vault: Vault) -> None:
    record_trial(vault, "orders", trial(AT, FAILED))
    assert accept_trial(vault, "orders", "ann", "old", NOW).verdict.unrestorable is None


@pytest.mark.parametrize("verdict", [None, PROVEN])
def test_what_has_not_failed_cannot_be_accepted(verdict: Verification | None, vault: Vault) -> None:
    if verdict:
        record_trial(vault, "orders", trial(AT, verdict))
    with pytest.raises(SettingsError, match="no failed trial of orders"):
        accept_trial(vault, "orders", "ann", "why not", NOW)

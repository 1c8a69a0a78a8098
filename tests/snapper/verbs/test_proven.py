"""When a database was last proven is known from its verdicts, and from its last trial."""

from dataclasses import replace
from datetime import timedelta

from snapper.values.proving import DAILY, OFF, Proving
from snapper.values.trial import Trial
from snapper.values.verification import Restored, Verification
from snapper.verbs.catalog import Listed
from snapper.verbs.proven import NEVER_PROVEN, last_proof
from tests.support.backups import days
from tests.support.databases import AT
from tests.support.manifests import manifest

RESTORED = Restored(2, 300, 4.5)
DAY = timedelta(days=1)


def proof(number: float) -> Verification:
    return Verification(days(number), "ab" * 32, True, "", RESTORED, days(number))


def listed(number: float, verdict: Verification | None = None, **known: bool) -> Listed:
    at = days(number)
    return Listed(at, manifest(scheduled_at=at), verdict, **known)  # type: ignore[arg-type]


def test_the_newest_proof_counts_wherever_it_is_recorded() -> None:
    backups = [listed(3), listed(2, proof(2)), listed(0, proof(2.5))]
    found = last_proof(backups, Trial(days(1), days(1), proof(1)), Proving(DAILY))
    assert (found.at, found.taken_at, found.restored, found.since) == (
        *(days(2.5), days(0), RESTORED),
        days(2.5),
    )
    pruned = last_proof([listed(3)], Trial(days(1), days(1), proof(1)), Proving(DAILY))
    assert (pruned.at, pruned.taken_at) == (days(1), days(1))


def test_what_was_never_proven_is_unproven_since_its_first_good_backup() -> None:
    backups = [listed(3), listed(1), listed(0, ahead=True)]
    found = last_proof(backups, None, Proving(DAILY))
    assert (found.at, found.since) == (None, days(1))
    assert found.is_unproven(days(1) + 10 * DAY + timedelta(seconds=1))
    assert not found.is_unproven(days(1) + 10 * DAY)


def test_what_a_trial_knows_of_that_outlives_the_backups() -> None:
    read = replace(proof(9), restored=None, restored_at=None)
    found = last_proof([listed(9)], Trial(days(9), days(9), read, since=AT), Proving(DAILY))
    assert (found.at, found.since) == (None, AT)


def test_an_older_backup_that_was_proven_since_is_a_proof_though_it_is_gone() -> None:
    found = last_proof([listed(3)], Trial(days(3), days(3), proof(3), days(9)), Proving(DAILY))
    assert (found.at, found.since) == (days(3), days(9))


def test_nothing_is_unproven_without_drills_without_a_prover_or_without_a_backup() -> None:
    late = days(1000)
    assert not last_proof([listed(0)], None, Proving(OFF)).is_unproven(late)
    assert not last_proof([listed(0)], None, None).is_unproven(late)
    assert not last_proof([], None, Proving(DAILY)).is_unproven(late)
    assert set(NEVER_PROVEN.to_dict().values()) == {None}

"""Somebody stamps things later than now: nothing true is lost for it, and nobody is taken in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from snapper.errors import BackupDamaged, BackupNotFound, DumpFailed
from snapper.values.clock import AHEAD
from snapper.values.health import Failure
from snapper.values.keys import Kind, mark_key, object_key, trial_key
from snapper.values.manifest import Manifest
from snapper.values.secrets import Database
from snapper.values.trial import Trial
from snapper.values.verification import Restored, Verification
from snapper.verbs.catalog import holding_at, listing, verdict_on
from snapper.verbs.choice import find, newest
from snapper.verbs.events import Silence
from snapper.verbs.place import made_for, place_for
from snapper.verbs.prune import judge, prune
from snapper.verbs.status import standing
from snapper.verbs.trial import last_trial, record_trial
from snapper.verbs.verify import record
from tests.support.backups import days, store
from tests.support.damage import AROUND
from tests.support.databases import AT, job
from tests.support.faults import faulted
from tests.support.manifests import manifest
from tests.support.twin import MemoryVault

NOW = AT + timedelta(hours=1)
FAR = [datetime(year, 1, 1, tzinfo=UTC) for year in (2099, 9998)]
SOON = [NOW + timedelta(minutes=number) for number in (6, 60, 1500)]
FORGED, MARKED, RECORDS = (
    "hostile times: forged backups",
    "hostile times: forged marks",
    "hostile times: forged records",
)
ORDERS = Database("orders", "host=h", 2)


@pytest.fixture
def vault() -> MemoryVault:
    """Three daily backups, the newest of this morning; the clock of the vault is ours."""
    made = MemoryVault()
    for number in range(3):
        put(made, days(-number))
    return made


def put(vault: MemoryVault, at: datetime, stored_at: datetime | None = None) -> Manifest:
    """Store a backup; at its own time, if not told."""
    made = store(vault, at)
    for key in (made.key, made.dump_key):
        vault.changed[key] = stored_at or at
    return made


def forge_pairs(vault: MemoryVault, *times: datetime) -> None:
    """Put the two objects of 20 bytes that once deleted every true backup."""
    for at in times:
        for kind in (Kind.DUMP, Kind.MANIFEST):
            key = object_key("orders", at, kind)
            vault.objects[key], vault.changed[key] = b"x" * 20, NOW


def problems(vault: MemoryVault, now: datetime = NOW, **failures: Failure) -> tuple[str, ...]:
    around = replace(AROUND, failures=failures)
    return standing(vault, "orders", 2, around, now).health.problems


@pytest.mark.parametrize("far", [FAR, SOON, FAR + SOON])
def test_forged_pairs_cost_no_true_backup_today_nor_when_their_time_has_come(
    vault: MemoryVault, far: list[datetime]
) -> None:
    true = set(vault.objects)
    due = {object_key("orders", days(-2), kind) for kind in (Kind.DUMP, Kind.MANIFEST)}
    forge_pairs(vault, *far)
    for later in (0, 1, 300):
        with faulted(FORGED):
            now = NOW + timedelta(days=later)
            for verdict in judge(vault, ORDERS, now=now):
                if verdict.entry.taken_at in far:
                    assert (verdict.keep, verdict.reason) == (True, f"{AHEAD}, never counted")
            pruned = vault.copy()
            prune(pruned, ORDERS, Silence(), now=now)
            assert true - due <= set(pruned.objects)
            assert not due & set(pruned.objects)


def test_a_forged_backup_is_shown_as_such_and_is_never_the_latest(vault: MemoryVault) -> None:
    for at in FAR + SOON:
        put(vault, at, NOW)
    told: list[str] = []
    with faulted(FORGED):
        assert [each.ahead for each in listing(vault, "orders", NOW)] == [True] * 5 + [False] * 3
        assert find(vault, "orders", None, told.append, now=NOW).scheduled_at == AT
        assert [AHEAD in warning for warning in told] == [True] * 5
        assert newest(vault, "orders", now=NOW).taken_at == AT
    for at in (FAR[0], FAR[1] + timedelta(days=30), datetime(9999, 12, 31, tzinfo=UTC)):
        with faulted(FORGED):
            named = at == FAR[0]
            if named:
                with pytest.raises(BackupDamaged, match=AHEAD):
                    find(vault, "orders", at, now=NOW)
                with pytest.raises(BackupDamaged, match=AHEAD):
                    newest(vault, "orders", at, now=NOW)
            else:
                assert find(vault, "orders", at, now=NOW).scheduled_at == AT
    with faulted(FORGED):
        assert problems(vault) == (AHEAD,)
        assert problems(vault, NOW + timedelta(days=4)) == ("late", AHEAD)


def test_with_such_backups_alone_there_is_none() -> None:
    vault = MemoryVault()
    forge_pairs(vault, FAR[0])
    put(vault, FAR[1], NOW)
    with faulted(FORGED):
        assert problems(vault) == ("no backup", AHEAD)
        with pytest.raises(BackupNotFound):
            find(vault, "orders", now=NOW)
        with pytest.raises(BackupNotFound):
            newest(vault, "orders", now=NOW)


@pytest.mark.parametrize("begun", [days(-1), FAR[1]])
def test_a_manifest_may_bear_no_time_still_to_come(vault: MemoryVault, begun: datetime) -> None:
    forged = manifest(scheduled_at=days(-1), backup_bytes=23, started_at=begun, finished_at=FAR[1])
    vault.put(forged.key, forged.to_json().encode())
    with faulted(FORGED):
        found = {each.taken_at: each for each in listing(vault, "orders", NOW)}
        assert found[days(-1)].ahead
        assert [each.ahead for each in found.values()].count(True) == 1
        assert find(vault, "orders", now=NOW).scheduled_at == AT
        verdicts = judge(vault, ORDERS, ahead=[days(-1)], now=NOW)
        assert all(each.keep for each in verdicts)


@pytest.mark.parametrize("true_mark", [False, True])
@pytest.mark.parametrize("marked", range(3))
def test_forged_marks_change_nothing(vault: MemoryVault, marked: int, true_mark: bool) -> None:
    if true_mark:
        vault.put(mark_key("orders", days(-1), days(-1) + timedelta(hours=2)), b"")
    before = judge(vault, ORDERS, now=NOW)
    with faulted(MARKED):
        for at in FAR + SOON:
            key = mark_key("orders", days(-marked), at)
            vault.objects[key], vault.changed[key] = b"", NOW
        for later in (0, 300):
            assert judge(vault, ORDERS, now=NOW + timedelta(days=later)) == before
        prune(vault, ORDERS, Silence(), now=NOW)
        left = {each.taken_at for each in listing(vault, "orders", NOW)}
        assert left == {AT, days(-1)}


def test_a_forged_pair_in_the_place_of_the_next_backup_is_no_backup_of_it(
    vault: MemoryVault,
) -> None:
    """Its time has come, and the job finds it there: that was once taken for done."""
    tomorrow, second = days(1), timedelta(seconds=1)
    now = tomorrow + timedelta(minutes=1)
    with faulted(FORGED):
        forge_pairs(vault, tomorrow)
        assert made_for(vault, job(tomorrow)) is None
        assert place_for(vault, job(tomorrow), now).taken_at == tomorrow + second
    with faulted(FORGED):
        forge_pairs(vault, *(tomorrow + number * second for number in range(10)))
        with pytest.raises(DumpFailed, match="hold something that is no backup"):
            place_for(vault, job(tomorrow), now)


def test_a_forged_trial_hides_no_later_one(vault: MemoryVault) -> None:
    proof = Verification(NOW, "ab" * 32, sound=True, restored=Restored(1, 2, 3.0), restored_at=NOW)
    for forged in (
        Trial(FAR[1], FAR[1], proof),
        Trial(AT, FAR[0], proof),
        Trial(AT, AT, Verification(FAR[1], "ab" * 32, sound=True)),
    ):
        with faulted(RECORDS):
            vault.put(trial_key("orders"), forged.to_json().encode())
            with pytest.raises(BackupDamaged, match=AHEAD):
                last_trial(vault, "orders", NOW)
            assert problems(vault) == ("unrestorable",)
            true = Trial(AT, AT, proof)
            record_trial(vault, "orders", true, NOW)
            assert last_trial(vault, "orders", NOW) == true


def test_a_forged_verdict_is_no_proof_and_does_not_outlive_the_next_one(
    vault: MemoryVault,
) -> None:
    made = put(vault, AT)
    forged = Verification(
        FAR[1], made.sha256, True, restored=Restored(1, 2, 3.0), restored_at=FAR[1]
    )
    with faulted(RECORDS):
        record(vault, "orders", AT, forged)
        listed = listing(vault, "orders", NOW)[0]
        assert (listed.verification, listed.doubt) == (None, f"its verdict is {AHEAD}")
        earlier = verdict_on(vault, holding_at(vault, "orders", AT, NOW), made)
        true = Verification(NOW, made.sha256, sound=True).after(earlier)
        assert true.proven_at is None
        record(vault, "orders", AT, true)
        assert listing(vault, "orders", NOW)[0].verification == true


def test_a_refused_job_of_a_far_time_hides_no_later_failure_and_is_forgotten_in_time(
    vault: MemoryVault,
) -> None:
    failed_at = AT - timedelta(hours=2)
    with faulted("hostile times: jobs"):
        assert problems(vault, orders=Failure(FAR[1], failed_at, "not yet")) == ()
        assert problems(vault, orders=Failure(FAR[1], NOW, "not yet")) == ("failing",)

"""What is known of backups, proofs and failures of a time, each told once."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from snapper.aws.logs import LogEvent, Logs
from snapper.errors import AwsDenied
from snapper.values.job import write_time
from snapper.values.manifest import Manifest
from snapper.values.trial import Trial
from snapper.values.verification import Accepted, FailedTrial, Restored, Verification
from snapper.verbs.evidence import Evidence, Logged, gather, read_logs
from snapper.verbs.trial import record_trial
from snapper.verbs.verify import record
from tests.support.backups import days, store
from tests.support.twin import MemoryVault

NOW = days(3)
SINCE = days(-30)
RESTORED = Restored(4, 1_000, 2.5)


class Told(Logs):
    """A log that holds these events, or may not be read."""

    def __init__(self, events: Sequence[LogEvent] | None) -> None:
        self._events = events

    def events(self, since: datetime, pattern: str = "") -> Iterator[LogEvent]:
        if self._events is None:
            raise AwsDenied("logs:FilterLogEvents failed: AccessDenied")
        return (each for each in self._events if each.at >= since)


def logged(name: str, of: datetime, at: datetime, **fields: Any) -> LogEvent:
    given = {"database": "orders", "scheduled_at": write_time(of), **fields}
    return LogEvent(at, name, given)


def gathered(vault: MemoryVault, *events: LogEvent) -> Evidence:
    return gather(vault, "orders", 7, Logged(events), SINCE, NOW)


def judge(vault: MemoryVault, made: Manifest, verdict: Verification) -> None:
    record(vault, "orders", made.scheduled_at, replace(verdict, sha256=made.sha256))


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


def test_the_backups_of_the_time_are_told_newest_first(vault: MemoryVault) -> None:
    for number in (-40, 0, 1, 2.5):
        store(vault, days(number))
    found = gathered(vault)
    assert [each.taken_at for each in found.backups] == [days(2.5), days(1), days(0)]
    assert found.longest_pause == timedelta(days=1.5)


def test_a_failed_dump_is_mended_by_the_backup_that_came_at_last(vault: MemoryVault) -> None:
    store(vault, days(0))
    tries = [days(0) - timedelta(minutes=30), days(0) - timedelta(minutes=20)]
    events = [logged("dump.failed", days(0) - timedelta(hours=1), at, reason="no") for at in tries]
    (incident,) = gathered(vault, *events).failures
    assert (incident.attempts, incident.reason, incident.mended_at) == (2, "no", days(0))


def test_what_mended_a_failed_dump_is_known_though_retention_has_deleted_it(
    vault: MemoryVault,
) -> None:
    store(vault, days(2))
    events = [
        logged("dump.failed", days(-9), days(-9), reason="no"),
        logged("dump.ended", days(-10), days(-10)),
        logged("dump.ended", days(-8), days(-7.9)),
        logged("dump.ended", days(-7), days(-7)),
    ]
    assert gathered(vault, *events).failures[0].mended_at == days(-7.9)
    found = read_logs(Told(events), None, SINCE)
    assert [each.at for each in found.events] == [days(-9), days(-7.9), days(-7)]


def test_a_failure_without_a_later_backup_is_open(vault: MemoryVault) -> None:
    store(vault, days(0))
    found = gathered(vault, logged("dump.failed", days(1), days(1), kind="KeyError"))
    assert found.failures[0].reason == "an unexpected KeyError"
    assert found.open == 1


def test_a_damaged_backup_mends_nothing(vault: MemoryVault) -> None:
    made = store(vault, days(2))
    judge(vault, made, Verification(days(2.1), "", sound=False, reason="flipped"))
    failed = logged("dump.failed", days(1), days(1), reason="no")
    assert gathered(vault, failed).open == 1
    assert gathered(
        vault, failed, logged("dump.ended", days(2), days(2), object=made.dump_key)
    ).open


def test_a_proof_that_is_logged_and_stands_beside_its_backup_is_told_once(
    vault: MemoryVault,
) -> None:
    made = store(vault, days(0))
    judge(vault, made, Verification(days(1), "", True, restored=RESTORED, restored_at=days(1)))
    proof = {"tables": 4, "rows": 1_000, "seconds": 2.5}
    at = days(1) + timedelta(seconds=40)
    events = [
        logged("drill.ended", days(0), at, **proof),
        logged("drill.ended", days(-7), days(-6), **proof),
        logged("drill.ended", days(-7), days(-5), tables=-1, rows="x", seconds=2),
        logged("drill.ended", days(-7), days(-5), tables=1, rows=1, seconds=10**400),
    ]
    found = gathered(vault, *events)
    assert [(each.taken_at, each.at) for each in found.recoveries] == [
        (days(-7), days(-6)),
        (days(0), at),
    ]
    assert found.proven == 1


def test_a_proof_by_an_operator_is_in_no_log_and_told_too(vault: MemoryVault) -> None:
    made = store(vault, days(0))
    judge(vault, made, Verification(days(1), "", True, restored=RESTORED, restored_at=days(1)))
    (found,) = gathered(vault).recoveries
    assert (found.at, found.rows, found.seconds) == (days(1), 1_000, 2.5)


def test_the_last_trial_outlives_its_backup_and_the_log(vault: MemoryVault) -> None:
    proven = Verification(days(1), "ab" * 32, True, restored=RESTORED, restored_at=days(1))
    record_trial(vault, "orders", Trial(days(0), days(0), proven), NOW)
    (found,) = gathered(vault).recoveries
    assert (found.taken_at, found.at) == (days(0), days(1))
    failed = Verification(days(2), "ab" * 32, True, failed=FailedTrial(days(2), "no"))
    record_trial(vault, "orders", Trial(days(1.5), days(1.5), failed), NOW)
    assert [each.reason for each in gathered(vault).failed_drills] == ["no"]


def test_a_verdict_that_is_recorded_twice_is_told_once(vault: MemoryVault) -> None:
    made = store(vault, days(0))
    proven = Verification(days(1), made.sha256, True, restored=RESTORED, restored_at=days(1))
    judge(vault, made, proven)
    record_trial(vault, "orders", Trial(days(0), days(0), proven), NOW)
    assert len(gathered(vault).recoveries) == 1
    failed = Verification(days(2), made.sha256, True, failed=FailedTrial(days(2), "no"))
    judge(vault, made, failed)
    record_trial(vault, "orders", Trial(days(0), days(0), failed), NOW)
    assert [each.attempts for each in gathered(vault).failed_drills] == [1]


def test_a_failed_drill_is_told_once_with_who_accepted_it_and_a_later_proof_mends_it(
    vault: MemoryVault,
) -> None:
    made = store(vault, days(0))
    word = Accepted(days(2), "ann", "the view is old")
    failed = FailedTrial(days(1), "table t has 3 rows", word)
    judge(vault, made, Verification(days(1), "", True, failed=failed))
    event = logged(
        "drill.failed", days(0), days(1) + timedelta(minutes=1), reason="table t has 3 rows"
    )
    (incident,) = gathered(vault, event).failed_drills
    assert (incident.attempts, incident.mended_at) == (1, None)
    assert incident.reason == "table t has 3 rows (accepted by ann: the view is old)"

    later = store(vault, days(2))
    judge(vault, later, Verification(days(2.5), "", True, restored=RESTORED, restored_at=days(2.5)))
    assert gathered(vault, event).failed_drills[0].mended_at == days(2.5)


def test_what_stands_beside_a_backup_and_is_older_than_the_time_is_not_told(
    vault: MemoryVault,
) -> None:
    made, other = store(vault, days(-40)), store(vault, days(-39))
    proven = Verification(days(-38), "", True, restored=RESTORED, restored_at=days(-38))
    judge(vault, made, proven)
    judge(vault, other, Verification(days(-38), "", True, failed=FailedTrial(days(-38), "no")))
    found = gathered(vault)
    assert (found.backups, found.recoveries, found.failed_drills) == ([], [], ())


def test_what_is_logged_of_another_database_is_not_told(vault: MemoryVault) -> None:
    event = logged("dump.failed", days(1), days(1), reason="no", database="users")
    assert gathered(vault, event).failures == ()


def test_a_log_that_may_not_be_read_is_said_and_hides_no_other() -> None:
    event = logged("dump.failed", days(1), days(1), reason="no")
    found = read_logs(Told([event]), Told(None), SINCE)
    assert list(found.events) == [event]
    assert found.unread[0].startswith("the log of the prover could not be read")
    assert read_logs(Told([event]), None, SINCE).unread == ()


def test_an_event_that_only_speaks_of_another_is_none() -> None:
    event = logged("dump.ended", days(1), days(1), reason='"dump.failed"')
    assert read_logs(Told([event]), cast("Logs", Told([])), SINCE).events == []

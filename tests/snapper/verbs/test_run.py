"""What becomes of a job after a failed attempt is said as it is."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from snapper.aws.logs import LogEvent
from snapper.aws.queue import Retries
from snapper.errors import AwsFailed, DumpFailed
from snapper.values.job import write_time
from snapper.verbs.run import follow
from tests.support.databases import AT, job


def note_after(attempt: int, retries: Any, **more: Any) -> str:
    """Follow a job whose attempt failed; give the note on what comes then."""
    fields = {
        "database": job().database,
        "scheduled_at": write_time(AT),
        "reason": "no route",
        "attempt": attempt,
        **more,
    }
    failed = LogEvent(datetime.now(UTC), "dump.failed", fields)
    vault: Any = SimpleNamespace(list=lambda _: iter(()))
    logs: Any = SimpleNamespace(events=lambda *_: iter([failed]))
    with pytest.raises(DumpFailed) as raised:
        follow(job(), vault, logs, timedelta(minutes=1), retries)
    (note,) = raised.value.__notes__
    return str(note)


@pytest.mark.parametrize(
    ("attempt", "note"),
    [
        (1, "tried again in 90 min (2 of 3)"),
        (2, "tried again in 90 min (3 of 3)"),
        (
            3,
            "that was attempt 3 of 3: the job goes to the dead-letter queue;"
            " bin/snapper retry orders tries it again",
        ),
    ],
)
def test_a_failed_attempt_says_when_the_next_one_is(attempt: int, note: str) -> None:
    """As an older release deployed it, where the queue alone decides."""
    assert note_after(attempt, lambda: Retries(3, timedelta(minutes=90))) == note


@pytest.mark.parametrize(("attempt", "minutes"), [(1, 2), (2, 10), (3, 30), (4, 30)])
def test_a_dumper_that_decides_itself_tries_again_sooner(attempt: int, minutes: int) -> None:
    note = note_after(attempt, lambda: Retries(5, timedelta(minutes=90)))
    assert note == f"tried again in {minutes} min ({attempt + 1} of 5)"


@pytest.mark.parametrize("kind", ["DeadlineReached", "DumpStopped", "ZeroDivisionError"])
def test_what_a_container_does_not_try_again_is_given_up(kind: str) -> None:
    def retries() -> Retries:
        return Retries(5, timedelta(minutes=90))

    assert note_after(1, retries, kind=kind, service="job") == (
        "it is not tried again: the job goes to the dead-letter queue;"
        " bin/snapper retry orders tries it again"
    )
    assert note_after(1, retries, kind=kind, service="dumper").startswith("tried again in 2 min")
    other = note_after(1, retries, kind="DatabaseUnreachable", service="job")
    assert other.startswith("tried again in 2 min")


def test_a_queue_that_may_not_be_looked_at_is_no_failure() -> None:
    def refused() -> Retries:
        raise AwsFailed("sqs:GetQueueAttributes: AccessDenied")

    assert note_after(1, refused) == "the job may be tried again"

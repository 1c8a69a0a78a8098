"""A drill that was ordered is followed to its end, and each end has its own exit code."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from snapper.aws.logs import LogEvent
from snapper.errors import AwsFailed, BackupInProgress, SnapperError
from snapper.values.drill import Drill
from snapper.values.job import write_time
from snapper.verbs.drill_events import named
from snapper.verbs.follow_drill import Proof, follow, order_now
from tests.support.databases import AT

DRILL = Drill("orders", AT, AT + timedelta(hours=1))
PATIENT = timedelta(minutes=1)
ENDED: dict[str, Any] = {"tables": 2, "rows": 300, "seconds": 4.5}


def event(name: str, drill: Drill = DRILL, **fields: Any) -> LogEvent:
    return LogEvent(drill.ordered_at, name, {**named(drill), **fields})


class Logs:
    """A log to which one more event is written each time it is read."""

    def __init__(self, *events: LogEvent) -> None:
        self._events, self._shown = events, 0

    def events(self, since: datetime, pattern: str) -> Iterator[LogEvent]:
        assert pattern == f'"{write_time(DRILL.ordered_at)}"'
        self._shown += 1
        return iter(self._events[: self._shown])


def followed(*events: LogEvent) -> tuple[Proof, list[str]]:
    told: list[str] = []
    logs: Any = Logs(*events)
    proof = follow(DRILL, logs, PATIENT, lambda each: told.append(each.name), lambda _: None)
    return proof, told


def test_the_figures_of_a_proof_are_given_and_each_event_is_told_once() -> None:
    proof, told = followed(event("drill.began"), event("drill.ended", **ENDED, lacking="postgis"))
    assert proof == Proof(2, 300, 4.5, "postgis")
    assert told == ["drill.began", "drill.ended"]


def test_a_drill_that_was_skipped_since_another_has_proven_the_backup_is_a_proof() -> None:
    proof, _ = followed(event("drill.skipped", reason="it was restored", **ENDED))
    assert proof == Proof(2, 300, 4.5)


def test_the_end_of_another_drill_is_not_this_ones() -> None:
    earlier = Drill("orders", AT, AT)
    other = Drill("people", AT, DRILL.ordered_at)
    strange = LogEvent(AT, "drill.ended", {**named(DRILL), "ordered_at": None})
    proof, told = followed(
        event("drill.failed", earlier, reason="no"),
        event("drill.failed", other, reason="no"),
        strange,
        event("drill.ended", **ENDED),
    )
    assert (proof.rows, told) == (300, ["drill.ended"])


@pytest.mark.parametrize(
    ("name", "kind", "code", "words"),
    [
        ("drill.failed", "BackupDamaged", 4, "{} is damaged: no"),
        ("drill.failed", "RestoreFailed", 9, "the proof of {} failed: no"),
        ("drill.skipped", "", 9, "{} was not proven: no"),
        ("drill.untried", "AwsFailed", 8, "{} could not be tried: no"),
        ("drill.untried", "KeyError", 1, "{} could not be tried: no"),
    ],
)
def test_what_proves_nothing_is_raised_by_its_kind(
    name: str, kind: str, code: int, words: str
) -> None:
    with pytest.raises(SnapperError) as raised:
        followed(event("drill.began"), event(name, kind=kind, reason="no", hint="do"))
    assert (raised.value.exit_code, raised.value.hint) == (code, "do")
    assert str(raised.value) == words.format("the backup of orders at 2026-11-23T03:00:00Z")


@pytest.mark.parametrize("seconds", [[], 10**400, float("nan"), -1])
def test_a_log_of_nonsense_is_no_defect(seconds: object) -> None:
    proof, _ = followed(event("drill.ended", tables="x", rows=None, seconds=seconds))
    assert proof == Proof(0, 0, 0.0)


def test_patience_has_an_end() -> None:
    logs: Any = Logs()
    with pytest.raises(BackupInProgress, match="not ended after 0 minutes"):
        follow(DRILL, logs, timedelta())


@pytest.mark.parametrize(
    "answer",
    [{}, {"drills": 5}, {"drills": [{}]}, {"drills": [{"database": "a", "taken_at": "x"}]}],
)
def test_an_answer_that_cannot_be_read_is_told(answer: Any) -> None:
    functions: Any = SimpleNamespace(ask=lambda *_: answer)
    with pytest.raises(AwsFailed, match="cannot be read"):
        order_now(["orders"], "prover", functions)

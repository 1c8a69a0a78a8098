"""Drills among the dead letters: read with their reasons, and ordered anew."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from snapper.aws.dead_letters import Letter, _letter
from snapper.aws.logs import LogEvent
from snapper.errors import SettingsError
from snapper.values.drill import Drill
from snapper.values.health import Failure
from snapper.values.job import write_time
from snapper.verbs.failures import Selection, Ways, explained, retry
from tests.support.databases import AT, job

DRILL = Drill("orders", AT, AT)
REASON = "public.items has 3 rows, not 4"
PLAN = {
    "time": write_time(AT),
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/snapper-prod-drills"],
}
FAILED_PLAN = {
    "requestPayload": PLAN,
    "responsePayload": {"errorType": "AwsFailed", "errorMessage": "s3:ListObjectsV2 failed"},
}


def letter(body: str) -> Letter:
    """Read a message of the queue as a letter."""
    sent = {"SentTimestamp": str(int(AT.timestamp() * 1000))}
    return _letter({"MessageId": body, "ReceiptHandle": "x", "Attributes": sent, "Body": body})


SPEAKS = letter(replace(DRILL, reason=REASON).to_json())
SILENT = letter(DRILL.to_json())
UNPLANNED = letter(json.dumps(FAILED_PLAN))


class Logs:
    """What a function has logged."""

    def __init__(self, *events: LogEvent) -> None:
        self._events = events

    def events(self, since: datetime, pattern: str) -> Iterator[LogEvent]:
        return (each for each in self._events if each.at >= since and each.name in pattern)


class Letters:
    """A queue of letters."""

    def __init__(self, *letters: Letter) -> None:
        self.letters = list(letters)

    @contextmanager
    def held(self) -> Iterator[list[Letter]]:
        yield list(self.letters)

    def remove(self, letter: Letter) -> None:
        self.letters.remove(letter)


def put_back(letters: Letters, *databases: str) -> dict[str, list[Any]]:
    """Retry the letters, and give what went where."""
    went: dict[str, list[Any]] = {}

    def to(name: str) -> Any:
        return went.setdefault(name, []).append

    queue: Any = type("Queue", (), {"send": staticmethod(lambda jobs: to("queue")(*jobs))})
    ways = Ways(queue, to("dispatch"), to("prune"), to("drill"), to("plan"))
    found: Any = letters
    retry(found, ways, databases, lambda: ["orders", "people"], dry_run=False)
    return {name: things for name, things in went.items() if things}


def reasons(letters: list[Letter], logs: Any, provers: Any) -> list[str]:
    found = explained(letters, logs, provers)
    return [failure.reason if failure else "" for _, failure in found]


def test_a_drill_is_of_its_database_and_brings_its_reason_along() -> None:
    assert SPEAKS.database == SILENT.database == "orders"
    assert (SPEAKS.job, SPEAKS.undispatched, SPEAKS.unplanned) == (None, False, False)
    assert reasons([SPEAKS], Logs(), None) == [REASON]
    assert Selection(("orders",)).takes(SPEAKS)
    assert not Selection((), undispatched=True, foreign=True).takes(SILENT)


def test_a_drill_that_was_never_tried_has_the_reason_that_the_prover_logged() -> None:
    def untried(database: str, reason: str) -> LogEvent:
        fields = {"database": database, "scheduled_at": write_time(AT), "reason": reason}
        return LogEvent(AT, "drill.untried", fields)

    provers = Logs(untried("people", "no"), untried("orders", "first"), untried("orders", "last"))
    dump = LogEvent(AT, "dump.failed", {"database": "orders", "scheduled_at": write_time(AT)})
    assert reasons([SILENT], Logs(dump), provers) == ["last"]
    assert reasons([SILENT], Logs(dump), None) == [""]


def test_what_a_container_found_says_more_than_what_batch_says_of_its_end() -> None:
    lost = replace(SILENT, failure=Failure(AT, AT, "its container failed: exit status 20"))
    fields = {"database": "orders", "scheduled_at": write_time(AT), "reason": REASON}
    assert reasons([lost], Logs(), Logs(LogEvent(AT, "drill.failed", fields))) == [REASON]
    assert reasons([lost], Logs(), Logs()) == ["its container failed: exit status 20"]


def test_an_hour_without_a_plan_is_no_event_of_the_dispatcher() -> None:
    assert (UNPLANNED.unplanned, UNPLANNED.undispatched, UNPLANNED.database) == (True, False, None)
    assert reasons([UNPLANNED], Logs(), Logs()) == ["s3:ListObjectsV2 failed"]


def test_each_goes_back_where_it_came_from() -> None:
    backup = letter(job().to_json())
    letters = Letters(backup, SPEAKS, UNPLANNED)
    assert put_back(letters) == {
        "queue": [job()],
        "drill": [replace(DRILL, reason=REASON)],
        "plan": [PLAN],
    }
    assert letters.letters == []


def test_with_a_database_named_its_drills_alone_go_back() -> None:
    people = letter(replace(DRILL, database="people").to_json())
    letters = Letters(SPEAKS, people, UNPLANNED)
    assert put_back(letters, "people") == {"drill": [replace(DRILL, database="people")]}
    assert letters.letters == [SPEAKS, UNPLANNED]
    with pytest.raises(SettingsError, match="no dead letter of people"):
        put_back(letters, "people")

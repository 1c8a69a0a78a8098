"""A container that failed is read as what it was to do, with Batch's own words on its end."""

import json
from dataclasses import replace
from typing import Any

import pytest

from snapper.aws.dead_letters import Letter, _letter
from snapper.values.drill import Drill
from snapper.values.failed_container import read_failed_container
from tests.support.batch_events import as_message, container_failed
from tests.support.databases import AT, job

DRILL = Drill("orders", AT, AT)
WORDS = (
    "its container in AWS Batch failed: Essential container in task exited;"
    " OutOfMemoryError: Container killed due to memory usage; exit status 137"
)


def letter(body: str) -> Letter:
    sent = {"SentTimestamp": str(int(AT.timestamp() * 1000))}
    return _letter({"MessageId": "1", "ReceiptHandle": "x", "Attributes": sent, "Body": body})


def failed(payload: str, **differing: Any) -> str:
    return as_message(container_failed(payload, **differing))


def test_its_job_is_a_letter_with_the_reason() -> None:
    found = letter(failed(job().to_json()))
    assert (found.job, found.database, found.undispatched) == (job(), "orders", False)
    assert found.failure is not None
    assert (found.failure.scheduled_at, found.failure.reason) == (AT, WORDS)


def test_its_drill_is_a_letter_with_the_reason() -> None:
    found = letter(failed(DRILL.to_json()))
    assert (found.drill, found.database, found.undispatched) == (DRILL, "orders", False)
    assert found.failure is not None
    assert found.failure.reason == WORDS


def test_a_drill_that_speaks_against_its_backup_keeps_that_reason() -> None:
    found = letter(failed(replace(DRILL, reason="3 rows, not 4").to_json()))
    assert found.failure is not None
    assert found.failure.reason == "3 rows, not 4"


def test_one_that_never_began_has_no_exit_status() -> None:
    event = container_failed(job().to_json(), statusReason="Task failed to start")
    event["detail"]["container"] = {
        "environment": event["detail"]["container"]["environment"],
        "reason": "CannotPullContainerError: i/o timeout",
    }
    found = read_failed_container(as_message(event))
    assert found is not None
    assert found.reason.endswith(
        "failed: Task failed to start; CannotPullContainerError: i/o timeout"
    )


def test_one_that_batch_has_ended_because_it_could_not_begin_says_why() -> None:
    words = "Canceled by JobStateTimeLimit action due to reason: CAPACITY:INSUFFICIENT_INSTANCE"
    event = container_failed(job().to_json(), statusReason=words)
    event["detail"]["container"] = {
        "environment": event["detail"]["container"]["environment"],
    }
    found = read_failed_container(as_message(event))
    assert found is not None
    assert found.reason.endswith(f"failed: {words}")


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "", None, ["FAILED"]])
def test_one_that_has_not_failed_is_no_letter_of_ours(status: Any) -> None:
    assert read_failed_container(failed(job().to_json(), status=status)) is None


@pytest.mark.parametrize(
    "detail",
    [
        None,
        [],
        {"status": "FAILED"},
        {"status": "FAILED", "container": {"environment": None}},
        {"status": "FAILED", "container": {"environment": [{"name": "SNAPPER_JOB", "value": 5}]}},
        {"status": "FAILED", "container": {"environment": [{"name": [], "value": ""}]}},
    ],
)
def test_what_only_looks_like_one_is_a_foreign_message(detail: Any) -> None:
    event = {**container_failed(job().to_json()), "detail": detail}
    found = letter(json.dumps(event))
    assert (found.database, found.failure, found.job) == (None, None, None)


def test_one_of_somebody_elses_container_is_a_foreign_message() -> None:
    found = letter(failed("rm -rf"))
    assert (found.database, found.failure, found.job) == (None, None, None)


def test_its_reason_is_never_longer_than_a_few_lines() -> None:
    found = read_failed_container(failed(job().to_json(), statusReason="x" * 100_000))
    assert found is not None
    assert len(found.reason) <= 500

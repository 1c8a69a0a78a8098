"""Containers of AWS Batch: one for each name, and what Batch says of it."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from snapper.aws import batch as module
from snapper.aws.batch import Batch, State
from snapper.errors import AwsFailed
from snapper.values.container import container_name, size_for
from snapper.values.job import Job

QUEUE = "arn:aws:batch:eu-central-1:123456789012:job-queue/snapper-prod-large"
DEFINITION = "arn:aws:batch:eu-central-1:123456789012:job-definition/snapper-prod-dumper:1"
JOB = Job("orders", datetime(2026, 11, 23, 3, tzinfo=UTC))
NAME = container_name(JOB)
ASKED = {"jobQueue": QUEUE, "filters": [{"name": "JOB_NAME", "values": [NAME]}]}
SENT = {
    "jobName": NAME,
    "jobQueue": QUEUE,
    "jobDefinition": DEFINITION,
    "containerOverrides": {
        "environment": [{"name": "SNAPPER_JOB", "value": JOB.to_json()}],
        "resourceRequirements": [
            {"type": "VCPU", "value": "2"},
            {"type": "MEMORY", "value": "4096"},
        ],
    },
}


@pytest.fixture
def scripted() -> Any:
    client = boto3.client(
        "batch", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as stubber:
        yield Batch(QUEUE, DEFINITION, client), stubber
        stubber.assert_no_pending_responses()


def listed(identifier: str, status: str, name: str = NAME) -> dict[str, str]:
    return {"jobId": identifier, "jobName": name, "status": status}


def page(*jobs: dict[str, str]) -> dict[str, Any]:
    return {"jobSummaryList": list(jobs)}


def test_a_job_goes_to_the_queue_with_its_size_and_no_more_than_itself(scripted: Any) -> None:
    batch, stubber = scripted
    stubber.add_response("list_jobs", page(), ASKED)
    stubber.add_response("submit_job", {"jobName": NAME, "jobId": "1"}, SENT)
    assert batch.submit(JOB.to_json(), NAME, size_for(2)) == "1"


@pytest.mark.parametrize("status", ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING"])
def test_what_waits_or_works_is_not_submitted_again(scripted: Any, status: str) -> None:
    batch, stubber = scripted
    stubber.add_response("list_jobs", page(listed("0", "FAILED"), listed("1", status)), ASKED)
    assert batch.submit(JOB.to_json(), NAME, size_for(2)) == "1"


def test_one_whose_start_nobody_heard_of_is_found_and_not_started_again(
    scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0)
    batch, stubber = scripted
    stubber.add_response("list_jobs", page(), ASKED)
    stubber.add_client_error("submit_job", "ServerException", "no", 500)
    stubber.add_response("list_jobs", page(listed("1", "SUBMITTED")), ASKED)
    assert batch.submit(JOB.to_json(), NAME, size_for(2)) == "1"


def test_one_that_batch_takes_at_last_is_asked_for_again_and_a_refusal_is_final(
    scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0)
    batch, stubber = scripted
    for _ in range(2):
        stubber.add_response("list_jobs", page(), ASKED)
        stubber.add_client_error("submit_job", "TooManyRequestsException", "no", 429)
    stubber.add_response("list_jobs", page(), ASKED)
    stubber.add_client_error("submit_job", "AccessDeniedException", "no", 403)
    with pytest.raises(AwsFailed, match="AccessDenied"):
        batch.submit(JOB.to_json(), NAME, size_for(2))


def test_one_of_a_name_that_differs_in_case_alone_is_another(scripted: Any) -> None:
    batch, stubber = scripted
    stubber.add_response("list_jobs", page(listed("1", "RUNNING", NAME.upper())), ASKED)
    stubber.add_response("submit_job", {"jobName": NAME, "jobId": "2"}, SENT)
    assert batch.submit(JOB.to_json(), NAME, size_for(2)) == "2"


def test_every_page_is_looked_through(scripted: Any) -> None:
    batch, stubber = scripted
    stubber.add_response("list_jobs", {**page(listed("0", "FAILED")), "nextToken": "more"}, ASKED)
    stubber.add_response("list_jobs", page(listed("1", "RUNNING")), {**ASKED, "nextToken": "more"})
    assert batch.under_way(NAME) == "1"


def test_what_has_ended_says_how_and_why(scripted: Any) -> None:
    batch, stubber = scripted
    told = {
        **listed("1", "FAILED"),
        "jobQueue": QUEUE,
        "jobDefinition": DEFINITION,
        "startedAt": 1,
        "statusReason": "Essential container in task exited",
        "container": {"exitCode": 137, "reason": "OutOfMemoryError"},
    }
    stubber.add_response("describe_jobs", {"jobs": [told]}, {"jobs": ["1"]})
    state = batch.state("1")
    assert state == State("FAILED", "Essential container in task exited; OutOfMemoryError", 137)
    assert not state.is_under_way
    assert not state.succeeded


def test_one_that_batch_has_forgotten_is_an_error(scripted: Any) -> None:
    batch, stubber = scripted
    stubber.add_response("describe_jobs", {"jobs": []}, {"jobs": ["1"]})
    with pytest.raises(AwsFailed, match="there is no job 1"):
        batch.state("1")


def test_a_call_that_is_refused_is_named(scripted: Any) -> None:
    batch, stubber = scripted
    stubber.add_client_error("list_jobs", "AccessDeniedException", "no", 403)
    with pytest.raises(AwsFailed, match="batch:ListJobs"):
        batch.submit(JOB.to_json(), NAME, size_for(2))

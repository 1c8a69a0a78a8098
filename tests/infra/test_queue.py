"""Jobs wait long enough, fail into the dead letters, and travel only by TLS."""

import json

import pytest

from tests.support.recorder import Graph, record

DAY = 24 * 60 * 60
ARN = "arn:aws:sqs:eu-central-1:123456789012:snapper-prod"


def test_a_job_stays_hidden_for_six_times_the_longest_dump(graph: Graph) -> None:
    timeout = graph.named("snapper-dumper-function").inputs["timeout"]
    jobs = graph.named("snapper-queue-jobs", "Queue").inputs
    assert timeout == 900
    assert jobs["visibilityTimeoutSeconds"] == 6 * timeout


def test_a_job_is_kept_until_its_last_attempt_and_its_letter_for_longer(graph: Graph) -> None:
    jobs = graph.named("snapper-queue-jobs", "Queue").inputs
    letters = graph.named("snapper-queue-dead-letters", "Queue").inputs
    redrive = json.loads(jobs["redrivePolicy"])
    assert redrive == {"deadLetterTargetArn": f"{ARN}-dead-letters", "maxReceiveCount": 5}
    attempts = redrive["maxReceiveCount"] * jobs["visibilityTimeoutSeconds"]
    assert attempts < jobs["messageRetentionSeconds"]
    # SQS counts a letter's age from when it was first sent, as a job.
    assert letters["messageRetentionSeconds"] == 14 * DAY > jobs["messageRetentionSeconds"]


def test_only_the_queues_of_this_stage_may_send_dead_letters(graph: Graph) -> None:
    allowed = graph.named("snapper-queue-redrive-allow-policy").inputs
    assert json.loads(allowed["redriveAllowPolicy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [f"{ARN}-jobs", f"{ARN}-drills"],
    }


def test_a_drill_waits_as_a_job_does_for_six_times_the_longest_one(graph: Graph) -> None:
    drills = graph.named("snapper-prover-drills-queue", "Queue").inputs
    jobs = graph.named("snapper-queue-jobs", "Queue").inputs
    assert drills == {**jobs, "name": "snapper-prod-drills"}
    timeout = graph.named("snapper-prover-function").inputs["timeout"]
    assert drills["visibilityTimeoutSeconds"] == 6 * timeout
    shorter = record(dumperTimeout="60").named("snapper-prover-drills-queue", "Queue").inputs
    assert shorter == drills


@pytest.mark.parametrize(
    ("queue", "name"),
    [
        ("snapper-queue-jobs", "jobs"),
        ("snapper-queue-dead-letters", "dead-letters"),
        ("snapper-prover-drills-queue", "drills"),
    ],
)
def test_every_queue_is_encrypted_and_answers_only_by_tls(
    graph: Graph, queue: str, name: str
) -> None:
    assert graph.named(queue, "Queue").inputs["sqsManagedSseEnabled"]
    (statement,) = graph.named(f"{queue}-policy").policy()
    assert statement["Effect"] == "Deny"
    assert statement["Resource"] == [f"{ARN}-{name}"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_shorter_dump_hides_its_job_for_less_long() -> None:
    recorded = record(dumperTimeout="60")
    jobs = recorded.named("snapper-queue-jobs", "Queue").inputs
    assert jobs["visibilityTimeoutSeconds"] == 360
    assert recorded.named("snapper-dumper-function").inputs["timeout"] == 60

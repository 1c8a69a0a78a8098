"""What a container has failed joins the dead letters by one rule, of these containers alone."""

import json

import pytest

from tests.support.recorder import Graph, record

PLACE = "eu-central-1:123456789012"
RULE = f"arn:aws:events:{PLACE}:rule/snapper-prod-large"
LETTERS = f"arn:aws:sqs:{PLACE}:snapper-prod-dead-letters"


@pytest.fixture(scope="module")
def large() -> Graph:
    return record(largeDatabases="true")


def test_a_stage_without_containers_has_no_such_rule(graph: Graph) -> None:
    assert not [each for each in graph.of("cloudwatch/eventTarget:EventTarget") if _sends(each)]


def _sends(made: object) -> bool:
    return bool(getattr(made, "inputs", {}).get("arn") == LETTERS)


def test_every_failure_of_a_container_of_this_stage_becomes_a_dead_letter(large: Graph) -> None:
    rule = large.named("snapper-queue-lost-jobs-rule").inputs
    assert json.loads(rule["eventPattern"]) == {
        "source": ["aws.batch"],
        "detail-type": ["Batch Job State Change"],
        "detail": {
            "status": ["FAILED"],
            "jobQueue": [f"arn:aws:batch:{PLACE}:job-queue/snapper-prod-large"],
        },
    }
    target = large.named("snapper-queue-lost-jobs-target").inputs
    assert (target["rule"], target["arn"]) == (rule["name"], LETTERS)


def test_that_rule_alone_may_write_to_the_dead_letters_without_a_role(large: Graph) -> None:
    only_by_tls, by_rule = large.named("snapper-queue-dead-letters-policy").policy()
    assert only_by_tls["Effect"] == "Deny"
    assert by_rule == {
        "Sid": "LostJobs",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["sqs:SendMessage"],
        "Resource": [LETTERS],
        "Condition": {"ArnEquals": {"aws:SourceArn": RULE}},
    }

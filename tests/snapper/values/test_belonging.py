"""A signpost is believed where every part is one that this stage's deployment makes, here."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapper.values.belonging import strays
from snapper.values.place import Place
from snapper.values.service import Service
from tests.snapper.aws.test_policies import KEY, SERVICE

HERE = Place("aws", "eu-central-1", "123456789012")
BATCH = "arn:aws:batch:eu-central-1:123456789012"
JOBS, LETTERS = "snapper-prod-jobs", "snapper-prod-dead-letters"


def nowhere_else() -> Iterator[str]:
    yield "https://ssm.eu-central-1.amazonaws.com"


def wrong(service: Service, stage: str = "prod", place: Place = HERE) -> list[str]:
    return [told.split(" is ")[0] for told in strays(service, stage, place, nowhere_else)]


def test_what_the_deployment_writes_is_right() -> None:
    assert wrong(SERVICE) == []


@pytest.mark.parametrize(
    "field",
    [
        {"kms_key_arn": KEY},
        {"topic": ""},  # an older release names none
        {"pruner": ""},  # nor this
        {"prover": "snapper-prod-prover", "drill": "daily", "drill_disk_gb": "10"},
        {"proven_within_days": "40"},
        {"recipient_proven_within_days": "0"},
        {"time_zone": "America/Port-au-Prince"},
        {"architecture": "arm64", "dumper_memory": "10240", "prover_memory": "3008", "alarms": "6"},
        {"dumper_timeout": "900"},
        {"container_log_group": "/aws/batch/snapper-prod-large"},
        {"drill_container_log_group": "/aws/batch/snapper-prod-large-drills"},
        {"restore_queue": f"{BATCH}:job-queue/snapper-prod-large-restores"},
        {"restore_definition": f"{BATCH}:job-definition/snapper-prod-large-restores"},
        {"restore_log_group": "/aws/batch/snapper-prod-large-restores"},
        {"bucket": "an-adopted.bucket"},
        {"schedule": "cron(0/15 3 ? * MON-FRI *)"},
        {"version": "1.0.0.dev3+local"},
        {"queue_url": f"https://eu-central-1.queue.amazonaws.com/123456789012/{JOBS}"},
        {"queue_url": f"https://sqs.eu-central-1.api.aws/123456789012/{JOBS}"},
    ],
    ids=str,
)
def test_what_a_deployment_may_write_is_right(field: dict[str, str]) -> None:
    assert wrong(replace(SERVICE, **field)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", "1\x1b]52;c;x\x07"),
        ("version", "9" * 5000),
        ("region", "eu-west-1"),
        ("region", ""),
        ("parameter_root", "/snapper/prod-2"),
        ("parameter_root", "/other"),
        ("bucket", "*"),
        ("bucket", "a/../b"),
        ("bucket", "arn:aws:s3:eu-central-1:666666666666:accesspoint/theirs"),
        ("bucket", "x" * 64),
        ("queue_url", f"https://evil.example/123456789012/{JOBS}"),
        ("queue_url", f"https://sqs.eu-central-1.amazonaws.com.evil.example/123456789012/{JOBS}"),
        ("queue_url", f"https://sqs.eu-central-1.amazonaws.com@evil.example/123456789012/{JOBS}"),
        ("queue_url", f"http://sqs.eu-central-1.amazonaws.com/123456789012/{JOBS}"),
        ("queue_url", f"https://sqs.eu-west-1.amazonaws.com/123456789012/{JOBS}"),
        ("queue_url", f"https://sqs.eu-central-1.amazonaws.com/666666666666/{JOBS}"),
        ("queue_url", f"https://sqs.eu-central-1.amazonaws.com/123456789012/{LETTERS}"),
        ("queue_url", "https://sqs.eu-central-1.amazonaws.com/123456789012/snapper-prod-2-jobs"),
        ("queue_url", f"https://[::1/123456789012/{JOBS}"),
        ("queue_url", ""),
        ("dead_letter_url", f"https://sqs.eu-central-1.amazonaws.com/123456789012/{JOBS}"),
        ("dispatcher", "payroll"),
        ("pruner", "snapper-prod-2-pruner"),
        ("prover", "snapper-prod-2-prover"),
        ("drill", "now"),
        ("time_zone", "../Berlin\n"),
        ("proven_within_days", "-1"),
        ("proven_within_days", "9999"),
        ("drill_disk_gb", "much"),
        ("architecture", "pdp11"),
        ("dumper_memory", "-1"),
        ("dumper_timeout", "soon"),
        ("alarms", "9" * 5000),
        ("container_log_group", "/aws/batch/snapper-prod-2-large"),
        ("drill_container_log_group", "/aws/batch/snapper-prod-large"),
        ("restore_queue", f"{BATCH}:job-queue/snapper-prod-large"),
        ("restore_queue", f"{BATCH}:job-queue/snapper-prod-large-restores/x"),
        ("restore_definition", f"{BATCH}:job-definition/snapper-prod-2-large-restores"),
        ("restore_definition", f"{BATCH}:job-definition/snapper-prod-large-restores:1"),
        ("restore_log_group", "/aws/batch/snapper-prod-large"),
        ("dumper", "snapper-prod-2-dumper"),
        ("dumper", "arn:aws:lambda:eu-central-1:666666666666:function:snapper-prod-dumper"),
        ("dumper", "snapper-prod-dispatcher"),
        ("schedule", "rate(1 day)\nnever"),
        ("schedule", "cron(" + " " * 1000 + ")"),
        ("kms_key_arn", "*"),
        ("kms_key_arn", KEY.replace("eu-central-1", "eu-west-1")),
        ("kms_key_arn", f"{KEY}/*"),
        ("topic", "arn:aws:sns:eu-central-1:666666666666:snapper-prod-alarms"),
        ("topic", "arn:aws:sns:eu-central-1:123456789012:snapper-prod-2-alarms"),
        ("topic", "arn:aws:sns:eu-central-1:123456789012:*"),
    ],
)
def test_what_belongs_to_somebody_else_is_named(field: str, value: str) -> None:
    assert wrong(replace(SERVICE, **{field: value})) == [field]


@pytest.mark.parametrize("field", [each.name for each in fields(Service)])
def test_every_field_is_judged(field: str) -> None:
    assert wrong(replace(SERVICE, **{field: "\x00*"})) == [field]


def test_another_account_region_or_partition_is_no_home_of_it() -> None:
    for place in (
        HERE._replace(account="666666666666"),
        HERE._replace(region="eu-west-1"),
        HERE._replace(partition="aws-cn"),
    ):
        assert {"queue_url", "dead_letter_url", "topic"} <= set(wrong(SERVICE, place=place))


def test_a_stage_of_another_name_is_not_meant() -> None:
    assert "dumper" in wrong(SERVICE, "prod-2")
    assert "stage" in wrong(SERVICE, "prod*")


def test_a_queue_may_be_at_the_endpoint_that_the_operator_has_set() -> None:
    local = "http://localhost:4566/123456789012"
    service = replace(SERVICE, queue_url=f"{local}/{JOBS}", dead_letter_url=f"{local}/{LETTERS}")
    assert list(strays(service, "prod", HERE, lambda: iter(["http://localhost:4566"]))) == []
    assert list(strays(service, "prod", HERE, lambda: iter(["https://localhost:4566"]))) != []


@given(st.dictionaries(st.sampled_from([each.name for each in fields(Service)]), st.text()))
def test_whatever_stands_there_is_judged_and_shown_in_plain_letters(values: dict[str, Any]) -> None:
    for told in strays(replace(SERVICE, **values), "prod", HERE, nowhere_else):
        assert told.isascii()
        assert told.isprintable()
        assert len(told) < 1200

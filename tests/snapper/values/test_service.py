"""The signpost of a stage: written by the deployment, read by whoever knows the stage's name."""

import json
from dataclasses import asdict, replace

import pytest

from snapper.errors import SettingsError
from snapper.values.service import Service
from tests.snapper.aws.test_policies import SERVICE


def test_it_is_read_as_it_was_written() -> None:
    assert Service.from_json(json.dumps(asdict(SERVICE))) == SERVICE


def test_a_later_release_may_say_more() -> None:
    assert Service.from_json(json.dumps({**asdict(SERVICE), "news": 1})) == SERVICE


def test_a_stage_that_an_older_release_deployed_is_read_without_what_it_does_not_say() -> None:
    older = {key: value for key, value in asdict(SERVICE).items() if key != "topic"}
    assert Service.from_json(json.dumps(older)) == replace(SERVICE, topic="")


@pytest.mark.parametrize("text", ["", "[]", "{}", '"x"', "null", '{"version": "0.1"}'])
def test_what_another_release_wrote_is_told_as_such(text: str) -> None:
    with pytest.raises(SettingsError, match="another release") as told:
        Service.from_json(text)
    assert "pulumi up" in told.value.hint


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-central-1", "aws"),
        ("us-east-1", "aws"),
        ("us-gov-west-1", "aws-us-gov"),
        ("cn-north-1", "aws-cn"),
        ("mx-central-1", "aws"),
    ],
)
def test_the_partition_follows_from_the_region(region: str, partition: str) -> None:
    service = replace(SERVICE, region=region)
    assert service.partition == partition
    assert service.arn("sqs", "jobs") == f"arn:{partition}:sqs:{region}:123456789012:jobs"
    assert service.endpoint("s3").endswith(".cn") is (partition == "aws-cn")

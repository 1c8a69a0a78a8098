"""Whose the bucket of a signpost is, as S3 and the tags say."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from snapper.aws.ownership import doubt
from snapper.errors import AwsDenied, AwsFailed, SettingsError
from tests.snapper.aws.test_policies import SERVICE

OWN = {"Bucket": SERVICE.bucket, "ExpectedBucketOwner": "123456789012"}
Answer = Mapping[str, Any] | str


def client(service: str) -> Any:
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    return boto3.client(service, region_name="eu-central-1", **keys)


def tags(**values: str) -> Answer:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in values.items()]}


@contextmanager
def aws(s3: Mapping[str, Answer], ssm: Mapping[str, Answer] | None = None) -> Iterator[list[Any]]:
    """Clients that expect exactly these calls, with the account that must own the bucket."""
    clients = [client("s3"), client("ssm")]
    name = {"Name": "/snapper/dev/SERVICE"}
    expected = ((s3, OWN), (ssm or {}, name))
    stubs = []
    for each, (answers, parameters) in zip(clients, expected, strict=True):
        stub = Stubber(each)
        for call, answer in answers.items():
            if isinstance(answer, str):
                stub.add_client_error(call, answer, expected_params=parameters)
            else:
                stub.add_response(call, dict(answer), parameters)
        stub.activate()
        stubs.append(stub)
    yield clients
    for stub in stubs:
        stub.assert_no_pending_responses()


def parameter(bucket: str) -> Answer:
    value = json.dumps(asdict(replace(SERVICE, bucket=bucket)))
    return {"Parameter": {"Value": value, "ARN": "arn"}}


def test_the_stages_own_bucket_leaves_no_doubt() -> None:
    with aws({"get_bucket_tagging": tags(project="snapper", stage="prod")}) as clients:
        assert doubt(SERVICE, "prod", *clients) == ""


def test_a_bucket_of_another_stage_that_uses_it_is_refused() -> None:
    found = tags(project="snapper", stage="dev")
    with (
        aws({"get_bucket_tagging": found}, {"get_parameter": parameter(SERVICE.bucket)}) as clients,
        pytest.raises(SettingsError, match="is that of the stage dev"),
    ):
        doubt(SERVICE, "prod", *clients)


@pytest.mark.parametrize(
    "theirs", ["ParameterNotFound", "AccessDeniedException", parameter("another-bucket")], ids=str
)
def test_a_bucket_that_was_another_stages_may_have_been_adopted(theirs: Answer) -> None:
    found = tags(project="snapper", stage="dev")
    with aws({"get_bucket_tagging": found}, {"get_parameter": theirs}) as clients:
        assert "has the tag of the stage dev" in doubt(SERVICE, "prod", *clients)


@pytest.mark.parametrize(
    "found",
    [
        "NoSuchTagSet",
        tags(),
        tags(stage="prod"),
        tags(project="payroll", stage="prod"),
        tags(project="snapper", stage="../prod"),
    ],
    ids=str,
)
def test_a_bucket_without_a_stages_tag_may_have_been_adopted(found: Answer) -> None:
    with aws({"get_bucket_tagging": found}) as clients:
        assert "has no tag of a stage" in doubt(SERVICE, "prod", *clients)


def test_who_may_not_read_tags_is_told_so_and_the_account_is_asked_all_the_same() -> None:
    with aws({"get_bucket_tagging": "AccessDenied", "head_bucket": {}}) as clients:
        assert "s3:GetBucketTagging" in doubt(SERVICE, "prod", *clients)


def test_a_bucket_of_another_account_is_refused() -> None:
    # S3 answers so to whoever expects another owner, whatever rights they have.
    with (
        aws({"get_bucket_tagging": "AccessDenied", "head_bucket": "403"}) as clients,
        pytest.raises(AwsDenied, match="snapper-prod-1 in account 123456789012"),
    ):
        doubt(SERVICE, "prod", *clients)


def test_a_bucket_that_is_not_there_is_told() -> None:
    with (
        aws({"get_bucket_tagging": "NoSuchBucket"}) as clients,
        pytest.raises(AwsFailed, match="NoSuchBucket"),
    ):
        doubt(SERVICE, "prod", *clients)

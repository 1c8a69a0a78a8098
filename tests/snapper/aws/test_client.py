"""What AWS refuses becomes one of our errors, with what to do about it."""

import boto3
import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from botocore.parsers import ResponseParserError

from snapper.aws import client as aws
from snapper.errors import AlreadyStored, AwsDenied, AwsFailed, SettingsError


def refused(code: str, message: str = "it says why") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetObject")


@pytest.mark.parametrize(
    ("error", "fact", "hint"),
    [
        (refused("AccessDenied"), "AccessDenied: it says why", "run pulumi up"),
        (refused("AccessDeniedException"), "AccessDeniedException", "run pulumi up"),
        (refused("ExpiredTokenException"), "ExpiredToken", "sign in again"),
        (refused("NoSuchBucket", ""), "s3:GetObject of k failed: NoSuchBucket", "aws s3 ls"),
        (ClientError({}, "GetObject"), "s3:GetObject of k failed: unknown", ""),
        (
            EndpointConnectionError(endpoint_url="https://s3"),
            "Could not connect to the endpoint",
            "a proxy",
        ),
        (NoCredentialsError(), "Unable to locate credentials", ""),
        (S3UploadFailedError("no luck"), "s3:GetObject of k failed: no luck", ""),
    ],
)
def test_a_failed_call_is_told_by_its_name_and_code(error: Exception, fact: str, hint: str) -> None:
    with pytest.raises(AwsFailed) as failure, aws.translated("s3:GetObject of k"):
        raise error
    assert str(failure.value).startswith("s3:GetObject of k failed: ")
    assert fact in str(failure.value)
    assert hint in failure.value.hint
    assert failure.value.retry


@pytest.mark.parametrize(
    ("code", "denied"),
    [
        ("AccessDenied", True),
        ("AccessDeniedException", True),
        ("AuthorizationError", True),
        ("403", True),
        ("NoSuchBucket", False),
        ("ExpiredToken", False),
    ],
)
def test_a_right_that_is_missing_is_told_apart(code: str, denied: bool) -> None:
    with pytest.raises(AwsFailed) as failure, aws.translated("s3:GetObject of k"):
        raise refused(code)
    assert isinstance(failure.value, AwsDenied) is denied
    assert failure.value.exit_code == 8


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict", "412"])
def test_a_condition_that_does_not_hold_is_an_object_that_is_there(code: str) -> None:
    with pytest.raises(AlreadyStored) as failure, aws.translated("s3:PutObject of k"):
        raise refused(code)
    assert not failure.value.retry


def test_errors_that_are_not_of_aws_pass_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), aws.translated("s3:PutObject of k"):
        raise ZeroDivisionError


@pytest.mark.parametrize("error", [KeyError("Parameter"), ResponseParserError("no XML")])
def test_an_answer_that_was_cut_short_is_a_failed_call(error: Exception) -> None:
    told = pytest.raises(AwsFailed, match="ssm:GetParameter of k failed: the answer")
    with told, aws.translated("ssm:GetParameter of k"):
        raise error


def test_an_upload_names_the_one_of_its_calls_that_failed() -> None:
    told = pytest.raises(AwsFailed, match="s3 upload of k failed in UploadPart: SlowDown")
    with told, aws.translated("s3 upload of k"):
        raise ClientError({"Error": {"Code": "SlowDown"}}, "UploadPart")


def test_a_client_gives_up_on_a_stuck_call_within_the_reserve_of_a_function() -> None:
    config = aws.client("s3").meta.config
    assert config.connect_timeout + config.read_timeout < 30
    assert config.retries["total_max_attempts"] == 5


@pytest.mark.parametrize(
    ("variable", "value", "hint"),
    [
        ("AWS_DEFAULT_REGION", "eu_central_1", "a region is like eu-central-1"),
        ("AWS_ENDPOINT_URL", "foo", ""),
        ("AWS_DEFAULTS_MODE", "foo", ""),
    ],
)
def test_settings_that_cannot_be_used_are_the_operators(
    variable: str, value: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(SettingsError, match="the AWS settings are invalid: ") as invalid:
        aws.client("ssm")
    assert invalid.value.hint == hint


def test_a_profile_that_is_not_there_is_answered_by_where_they_are() -> None:
    with pytest.raises(SettingsError, match="nobodys") as invalid:
        aws.sign_in("nobodys")
    assert "list-profiles" in invalid.value.hint

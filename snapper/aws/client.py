"""Clients for AWS, and the one place where their errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    InvalidRegionError,
    ProfileNotFound,
)
from botocore.parsers import ResponseParserError
from botocore.session import get_session

from snapper.aws.reading import reading_quickly
from snapper.errors import (
    AlreadyStored,
    AwsDenied,
    AwsFailed,
    BackupDamaged,
    ObjectGone,
    ObjectUnreadable,
    SettingsError,
)
from snapper.values.program import PROGRAM

# One try of a stuck call ends within the 30 seconds that a function keeps for clearing up.
_CONFIG = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 5},
    user_agent_extra="snapper",
)


def client(service: str, config: Config | None = None) -> Any:  # noqa: ANN401  boto3 has no types
    """Make a client whose region, endpoint and credentials come from the environment.

    Raises SettingsError if one of them cannot be used at all.
    """
    with _valid():
        if boto3.DEFAULT_SESSION is None:
            _begin_session()
        return boto3.client(service, config=_CONFIG.merge(config) if config else _CONFIG)


def sign_in(profile: str | None = None, region: str | None = None) -> None:
    """Choose whose credentials and which region all clients made from now on have.

    A profile that is named here counts more than keys in the environment. Raises SettingsError,
    with the fix, where AWS cannot be called at all.
    """
    with _valid():
        _begin_session(profile_name=profile, region_name=region)
        session = boto3.DEFAULT_SESSION
        if session.region_name is None:
            raise SettingsError(
                "no AWS region is set", hint="use --region, AWS_REGION or the profile's region"
            )
        if session.get_credentials() is None:
            raise SettingsError(
                "there are no AWS credentials", hint="use --profile, aws sso login or aws configure"
            )


def _begin_session(**chosen: str | None) -> None:
    boto3.setup_default_session(botocore_session=reading_quickly(get_session()), **chosen)


@contextmanager
def _valid() -> Iterator[None]:
    """Turn what boto3 says of settings into SettingsError."""
    try:
        yield
    except ProfileNotFound as error:
        hint = "aws configure list-profiles shows those there are"
        raise SettingsError(f"the AWS settings are invalid: {error}", hint=hint) from None
    except InvalidRegionError as error:
        hint = "a region is like eu-central-1"
        raise SettingsError(f"the AWS settings are invalid: {error}", hint=hint) from None
    except (BotoCoreError, ValueError) as error:  # the second for an endpoint that is no URL
        raise SettingsError(f"the AWS settings are invalid: {error}") from None


# What the services answer to a key that does not exist, or whose secret is another.
_NOBODY = frozenset(
    {
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


# SNS has a word of its own for it.
# It was archived, or encrypted with a key that was not given, or that is disabled or gone.
_OF_ONE_OBJECT = frozenset(
    {
        "InvalidObjectState",
        "InvalidRequest",
        "KMS.DisabledException",
        "KMS.KMSInvalidStateException",
        "KMS.NotFoundException",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "403"})


def code(error: ClientError) -> str:
    """Give AWS's code of an error.

    The classes in `client.exceptions` will not do: two threads that are the first to ask for them
    each get their own, and what one raises the other's `except` does not catch.
    """
    return str(error.response.get("Error", {}).get("Code", "unknown"))


@contextmanager
def translated(call: str) -> Iterator[None]:
    """Turn what boto3 raises into AwsFailed naming the `call` and AWS's error code.

    The message of an AWS error is passed on: it names resources and principals, never values.
    """
    try:
        yield
    except ClientError as error:
        found = code(error)
        # An upload is many calls: the one that failed is named too.
        part = "" if error.operation_name in call else f" in {error.operation_name}"
        message = error.response.get("Error", {}).get("Message", "")
        fact = f"{call} failed{part}: {found}: {message}".rstrip(": ")
        if found in {"PreconditionFailed", "ConditionalRequestConflict", "412"}:
            raise AlreadyStored(
                fact,
                hint="another delivery of the job stored it, or this one, whose answer was lost;"
                " the job returns to the queue and is tried again",
            ) from None
        if found == "InvalidRange":
            raise BackupDamaged(
                f"{call} failed: the object ends before the part that is asked for begins"
            ) from None
        kind = AwsDenied if found in _DENIED else AwsFailed
        if found in _OF_ONE_OBJECT and error.operation_name == "GetObject":
            kind = ObjectUnreadable
        if found == "NoSuchKey":
            kind = ObjectGone
        raise kind(fact, hint=_hint(found)) from None
    except (HTTPClientError, ConnectionError) as error:
        hint = "the network, a proxy or the endpoint is in the way"
        raise AwsFailed(f"{call} failed: {error}", hint=hint) from None
    except (BotoCoreError, Boto3Error) as error:
        raise AwsFailed(f"{call} failed: {error}") from None
    except ResponseParserError:
        raise AwsFailed(f"{call} failed: the answer cannot be read") from None
    except KeyError as error:
        # An answer that was cut short on its way is for boto3 one without some of its fields.
        raise AwsFailed(f"{call} failed: the answer has no {error}") from None


def _hint(code: str) -> str:
    if code in _DENIED:
        return f"for an operator, {PROGRAM} policy prints the rights; for a function, run pulumi up"
    if code.startswith("ExpiredToken"):
        return "the credentials have expired; sign in again"
    if code in _NOBODY:
        return "AWS does not know these credentials; name others with --profile"
    if code == "NoSuchBucket":
        return "aws s3 ls shows those there are"
    return ""

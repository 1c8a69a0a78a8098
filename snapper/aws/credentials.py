"""Passwords that AWS gives at each connecting: a token of RDS IAM, or a secret's of the moment."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import boto3
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from snapper.aws import client as aws
from snapper.errors import AwsFailed, SettingsError
from snapper.values.credentials import Credentials, Door, Login
from snapper.values.options import RDS_IAM, Options
from snapper.values.place import Place
from snapper.values.rds import region_of

TOKEN_SECONDS = 900
"""For how long RDS takes a token. Source: "IAM database authentication"."""

# The second is a rotation's that has told the database, and not yet the secret; or the rotation has
# ended since the first was read.
_STAGES = ("AWSCURRENT", "AWSPENDING", "AWSCURRENT")


def credentials_of(options: Options) -> Credentials | None:
    """Give what AWS gives for a database; None where its connection has all that is needed."""
    if options.auth == RDS_IAM:
        return tokens
    return Secret(options.secret) if options.secret else None


def tokens(door: Door) -> Iterator[Login]:
    """Make a token of RDS IAM by the credentials that we run with; nothing is called."""
    region = region_of(door.host)
    if not (region and door.user):
        raise SettingsError(
            f"auth is {RDS_IAM}, but no database of RDS is named, or no user",
            hint="write the endpoint that RDS shows as the host, and the user",
        )
    own = boto3.DEFAULT_SESSION or boto3.Session()
    try:
        credentials = own.get_credentials()
        frozen = credentials and credentials.get_frozen_credentials()
    except BotoCoreError as error:
        raise SettingsError(f"the AWS credentials cannot be had: {error}") from None
    if not frozen:
        raise SettingsError("there are no AWS credentials to make a token of RDS IAM")
    host = door.host.lower().rstrip(".")
    asked = f"https://{host}:{door.port}/?Action=connect&DBUser={quote(door.user, safe='')}"
    request = AWSRequest("GET", asked)
    SigV4QueryAuth(frozen, "rds-db", region, expires=TOKEN_SECONDS).add_auth(request)
    yield Login(door.user, request.url.removeprefix("https://"))


@dataclass(frozen=True)
class Secret:
    """A secret in Secrets Manager: user and password as RDS keeps them, or a password alone."""

    arn: str

    def __call__(self, door: Door) -> Iterator[Login]:
        """Read the secret anew; then what a rotation is about to put in its place.

        A user that the connection names stays. Raises AwsFailed, SettingsError.
        """
        client = aws.client("secretsmanager", Config(region_name=Place.of(self.arn).region))
        first, *others = _STAGES
        yield self._login(self._value(client, first), door)
        for stage in others:
            # That the first one was refused is the better news, also where this one is half made.
            with suppress(AwsFailed, SettingsError):
                yield self._login(self._value(client, stage), door)

    def _value(self, client: Any, stage: str) -> str:  # noqa: ANN401  boto3 has no types
        with aws.translated(f"secretsmanager:GetSecretValue of {self.arn}"):
            found = client.get_secret_value(SecretId=self.arn, VersionStage=stage)
        return str(found.get("SecretString") or "")

    def _login(self, text: str, door: Door) -> Login:
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, dict):
            read = {"password": text.strip("\r\n")}
        user, password = door.user or read.get("username"), read.get("password")
        if not (isinstance(password, str) and password):
            raise self._useless("holds no password", "password")
        if not (isinstance(user, str) and user):
            raise self._useless("names no user, and neither does the connection", "username")
        return Login(user, password)

    def _useless(self, fact: str, field: str) -> SettingsError:
        return SettingsError(
            f"the secret {self.arn} {fact}",
            hint=f'it must be JSON with "{field}", as RDS keeps it, or the password alone',
        )

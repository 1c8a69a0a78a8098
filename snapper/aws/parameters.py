"""The secrets of a stage in SSM Parameter Store, read one database at a time."""

from typing import Any, Self

from snapper.aws import client as aws
from snapper.errors import AwsFailed, SecretsInvalid, SettingsError
from snapper.values.secrets import SUPPORTED, Database, parse_secrets, read_count
from snapper.values.service import Service
from snapper.values.settings import (
    RETENTIONS,
    connection_parameter,
    retention_parameter,
    service_parameter,
)


class Parameters:
    """What the deployment stored under one stage's path; raises AwsFailed."""

    def __init__(self, root: str, client: Any) -> None:  # noqa: ANN401  boto3 has no types
        self._root = root
        self._client = client

    @classmethod
    def connect(cls, root: str) -> Self:
        """Open a stage's path with the credentials and region of the environment."""
        return cls(root, aws.client("ssm"))

    def database_keys(self) -> list[str]:
        """List the databases without decrypting anything.

        The keys are read from the path of the counts, which are the same by validation: so the
        dispatcher needs no right on any connection.
        """
        path = f"{self._root}/{RETENTIONS}"
        pages = self._client.get_paginator("get_parameters_by_path").paginate(
            Path=path, WithDecryption=False
        )
        with aws.translated(f"ssm:GetParametersByPath of {path}"):
            names = [found["Name"] for page in pages for found in page["Parameters"]]
        return sorted(name.rsplit("/", 1)[-1] for name in names)

    def database(self, key: str) -> Database:
        """Decrypt what is known of one database, and check it as the deployment did.

        Raises SecretsInvalid if someone has written nonsense past the deployment.
        """
        connection = self._value(connection_parameter(self._root, key))
        count = self._value(retention_parameter(self._root, key))
        databases = parse_secrets(f"{key},{connection},{SUPPORTED}", f"{key},{count}")
        if len(databases) > 1:
            raise SecretsInvalid((f"the parameters of {key} hold rows, not one value each",))
        return databases[0]

    def retention(self, key: str) -> int:
        """Decrypt how many backups one database keeps, and nothing else of it."""
        return read_count(key, self._value(retention_parameter(self._root, key)))

    def service(self) -> Service:
        """Read where the stage's parts are; raise SettingsError if there is no such stage."""
        name = service_parameter(self._root)
        try:
            return Service.from_json(self._value(name))
        except AwsFailed as error:
            # The second is SSM's word for a name that no parameter can have.
            if not any(code in str(error) for code in ("ParameterNotFound", "ValidationException")):
                raise
            raise SettingsError(
                f"there is no such stage in this account and region: {name} does not exist",
                hint="choose with --stage, --region and --profile",
            ) from None

    def _value(self, name: str) -> str:
        with aws.translated(f"ssm:GetParameter of {name}"):
            found = self._client.get_parameter(Name=name, WithDecryption=True)
            return str(found["Parameter"]["Value"])

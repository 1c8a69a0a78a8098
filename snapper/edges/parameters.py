"""The secrets of a stage in SSM Parameter Store, read one database at a time."""

from typing import Any, Self

from snapper.edges import aws
from snapper.values.secrets import SUPPORTED, Database, parse_secrets
from snapper.values.settings import RETENTIONS, connection_parameter, retention_parameter


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
        (database,) = parse_secrets(f"{key},{connection},{SUPPORTED}", f"{key},{count}")
        return database

    def _value(self, name: str) -> str:
        with aws.translated(f"ssm:GetParameter of {name}"):
            found = self._client.get_parameter(Name=name, WithDecryption=True)
            return str(found["Parameter"]["Value"])

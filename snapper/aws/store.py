"""Parameter Store itself: parameters are read, made, and deleted."""

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from snapper.aws import client as aws
from snapper.errors import AlreadyStored


class Store:
    """The calls; `key` is the customer's own key for what is secret, or nothing for AWS's."""

    def __init__(self, client: Any, key: str = "") -> None:  # noqa: ANN401  boto3 has no types
        self._client = client
        self._key = key

    def value(self, name: str) -> str:
        """Give one parameter, decrypted."""
        with aws.translated(f"ssm:GetParameter of {name}"):
            found = self._client.get_parameter(Name=name, WithDecryption=True)
            return str(found["Parameter"]["Value"])

    def below(self, path: str, *, decrypt: bool) -> dict[str, str]:
        """Give the values right below a path, by name."""
        return {each["Name"]: each["Value"] for each in self.found(path, decrypt=decrypt)}

    def found(self, path: str, *, decrypt: bool) -> list[dict[str, Any]]:
        """Give the parameters right below a path."""
        with aws.translated(f"ssm:GetParametersByPath of {path}"):
            pages = self._client.get_paginator("get_parameters_by_path").paginate(
                Path=path, WithDecryption=decrypt
            )
            return [found for page in pages for found in page["Parameters"]]

    def all_below(self, path: str) -> list[str]:
        """Give the names of all that is below a path, however deep; nothing is decrypted."""
        pages = self._client.get_paginator("get_parameters_by_path").paginate(
            Path=path, Recursive=True, WithDecryption=False
        )
        with aws.translated(f"ssm:GetParametersByPath of {path}"):
            return [found["Name"] for page in pages for found in page["Parameters"]]

    def make(self, name: str, value: str, *, secret: bool) -> None:
        """Make a parameter; raises AlreadyStored where there is one of this name."""
        how = {"KeyId": self._key} if secret and self._key else {}
        with aws.translated(f"ssm:PutParameter of {name}"):
            try:
                self._client.put_parameter(
                    Name=name,
                    Value=value,
                    Type="SecureString" if secret else "String",
                    Tier="Standard",
                    Overwrite=False,
                    **how,
                )
            except ClientError as error:
                if aws.code(error) != "ParameterAlreadyExists":
                    raise
                raise AlreadyStored(f"{name} is there already") from None

    def put(self, name: str, value: str) -> None:
        """Write a parameter that is no secret, in place of one that is there."""
        with aws.translated(f"ssm:PutParameter of {name}"):
            self._client.put_parameter(
                Name=name, Value=value, Type="String", Tier="Standard", Overwrite=True
            )

    def delete(self, names: Iterable[str]) -> None:
        """Delete parameters; one that is not there is as good."""
        for name in names:
            with aws.translated(f"ssm:DeleteParameter of {name}"):
                try:
                    self._client.delete_parameter(Name=name)
                except ClientError as error:
                    if aws.code(error) != "ParameterNotFound":
                        raise

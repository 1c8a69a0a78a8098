"""What is newest in each chain, in Parameter Store: where who writes to the bucket cannot write.

Parameter Store keeps the last 100 values of a parameter: what two writers at once have put stays
known, whoever was the last.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from botocore.exceptions import ClientError

from snapper.aws import client as aws
from snapper.aws.store import Store
from snapper.errors import BackupDamaged
from snapper.values.chain import Heads, Ref
from snapper.values.settings import chain_keys_path, chain_parameter

_ROUNDS = 5
_NONE = {"ParameterNotFound", "ParameterVersionNotFound"}


@dataclass(frozen=True)
class Known:
    """What a parameter says, and which of its values that is; the first has the number 1."""

    heads: Heads | None
    version: int


class Newest:
    """Reads and writes the newest manifests of a stage's chains; raises AwsFailed."""

    def __init__(self, root: str, client: Any) -> None:  # noqa: ANN401  boto3 has no types
        self._root = root
        self._client = client

    @classmethod
    def connect(cls, root: str) -> Self:
        """Open a stage's path with the credentials and region of the environment."""
        return cls(root, aws.client("ssm"))

    def known(self, database: str) -> Known:
        """Give what is known of a chain; what is not as Snapper writes it counts for nothing."""
        return self._known(chain_parameter(self._root, database))

    def history(self, database: str) -> list[Heads]:
        """Give all that was ever known of a chain, oldest first, as far as it is kept.

        Raises BackupDamaged for what Snapper has not written.
        """
        name = chain_parameter(self._root, database)
        pages = self._client.get_paginator("get_parameter_history").paginate(Name=name)
        with aws.translated(f"ssm:GetParameterHistory of {name}"):
            try:
                texts = [one["Value"] for page in pages for one in page["Parameters"]]
            except ClientError as error:
                if aws.code(error) not in _NONE:
                    raise
                return []
        try:
            return [Heads.from_json(text) for text in texts]
        except ValueError:
            raise BackupDamaged(f"{name} is not as Snapper writes it") from None

    def record(self, database: str, own: Ref, named: Sequence[Ref], key: str, seen: int) -> None:
        """Make one the newest: after the value `seen` was read, and `named` became its past.

        What others have put since then stays named beside it.
        """
        name = chain_parameter(self._root, database)
        heads = [own]
        for _ in range(_ROUNDS):
            put = self._put(name, Heads(key, tuple(heads)))
            between = [self._known(f"{name}:{version}") for version in range(seen + 1, put)]
            others = {ref for one in between if one.heads for ref in one.heads.refs}
            missed = others - {*heads, *named}
            if not missed:
                return
            heads += sorted(missed)
            seen = put

    def keys(self) -> list[str]:
        """Give the ARNs of the keys by which the stage signs, or has signed."""
        store = Store(self._client)
        return sorted(store.below(chain_keys_path(self._root), decrypt=False).values())

    def _known(self, name: str) -> Known:
        with aws.translated(f"ssm:GetParameter of {name}"):
            try:
                found = self._client.get_parameter(Name=name)["Parameter"]
            except ClientError as error:
                if aws.code(error) not in _NONE:
                    raise
                return Known(None, 0)
        heads = None
        with suppress(ValueError):
            heads = Heads.from_json(found["Value"])
        return Known(heads, found["Version"])

    def _put(self, name: str, heads: Heads) -> int:
        with aws.translated(f"ssm:PutParameter of {name}"):
            return int(
                self._client.put_parameter(
                    Name=name, Value=heads.to_json(), Type="String", Tier="Standard", Overwrite=True
                )["Version"]
            )

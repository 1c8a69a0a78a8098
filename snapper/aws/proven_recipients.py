"""Who has proven which recipient of a stage, and when: records below a path of Parameter Store.

They are no part of the deployment, and hold no secret. Where the stage is deployed anew they are
found again: the keys are the same.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Self

from snapper.aws import client as aws
from snapper.aws.store import Store
from snapper.values.proven_recipient import ProvenRecipient, proven_recipients_path


class ProvenRecipients:
    """The records of one stage; raises AwsFailed."""

    def __init__(self, root: str, store: Store) -> None:
        self._path = proven_recipients_path(root)
        self._store = store

    @classmethod
    def connect(cls, root: str) -> Self:
        """Open a stage's path with the credentials and region of the environment."""
        return cls(root, Store(aws.client("ssm")))

    def read(self) -> dict[str, ProvenRecipient]:
        """Give the records by the digests of their recipients; what is none is passed over."""
        return dict(self._records())

    def _records(self) -> Iterator[tuple[str, ProvenRecipient]]:
        for name, text in self._store.below(self._path, decrypt=False).items():
            with suppress(ValueError):
                yield name.rpartition("/")[2], ProvenRecipient.from_json(text)

    def record(self, digest: str, proof: ProvenRecipient) -> None:
        """Record a proof, in place of an earlier one of the same recipient."""
        self._store.put(f"{self._path}/{digest}", proof.to_json())

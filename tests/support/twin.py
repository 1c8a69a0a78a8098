"""A vault in memory, for thousands of histories a second; it keeps the real one's contract.

`tests/reliability/test_vault_twin.py` holds both to it.
"""

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Self

from snapper.aws.parts import PartPlan
from snapper.aws.sending import Readable
from snapper.aws.vault import StoredObject, Vault
from snapper.errors import AlreadyStored, ObjectGone
from snapper.values.summary import digest_of


class MemoryVault(Vault):
    """Objects by key; `before_delete` may look, refuse or die."""

    def __init__(self, objects: dict[str, bytes] | None = None) -> None:
        super().__init__("memory", None)
        self.objects = dict(objects or {})
        self.changed = dict.fromkeys(self.objects, datetime.now(UTC))
        self.before_delete: Callable[[str], None] = lambda key: None

    def copy(self) -> Self:
        """Give a vault with the same objects and times."""
        twin = type(self)(self.objects)
        twin.changed = dict(self.changed)
        return twin

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        # S3 sorts by bytes.
        for key in sorted(self.objects, key=str.encode):
            if key.startswith(prefix) and key.encode() > after.encode():
                etag = f'"{digest_of(self.objects[key])}"'
                yield StoredObject(key, len(self.objects[key]), self.changed[key], etag)

    def folders(self) -> tuple[str, ...]:
        found = {key.split("/")[0] + "/" for key in self.objects if "/" in key}
        return tuple(folder.removesuffix("/") for folder in sorted(found, key=str.encode))

    def upload(
        self, stream: Readable, key: str, parts: PartPlan, kind: str = "", storage_class: str = ""
    ) -> None:
        content = bytearray()
        while part := stream.read(parts.size):
            stream.check()
            content += part
        if key in self.objects:
            raise AlreadyStored(f"s3 upload of {key} failed: PreconditionFailed")
        self.put(key, bytes(content))

    def put(self, key: str, body: bytes, kind: str = "") -> None:
        self.objects[key], self.changed[key] = body, datetime.now(UTC)

    def make(self, key: str, body: bytes, kind: str = "") -> None:
        if key in self.objects:
            raise AlreadyStored(f"s3:PutObject of {key} failed: PreconditionFailed")
        self.put(key, body)

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        if key not in self.objects:
            raise ObjectGone(f"s3:GetObject of {key} failed: NoSuchKey")
        return io.BytesIO(self.objects[key][start:end])

    def delete(self, key: str) -> None:
        self.before_delete(key)
        self.objects.pop(key, None)

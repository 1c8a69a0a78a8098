"""What is left of a backup that was pruned: a tombstone, signed, so that nobody else sets one."""

import json
import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from snapper.values import document
from snapper.values.chain import (
    KEY,
    SIGNATURE,
    Check,
    Ref,
    exactly,
    matching,
    plain_refs,
    refs_of,
    spelled,
)
from snapper.values.job import write_time
from snapper.values.keys import database_key, stamp

FOLDER = "_chain/"
"""Where tombstones lie: a name that no database can have."""

_VERSION = 1
_LONGEST_REASON = 1_000


@dataclass(frozen=True)
class Tombstone:
    """What is left of a backup that was pruned.

    It is `whole` if all that came before it under its key is pruned too: then nobody need look any
    further back. What another key has signed, or none, is buried without those before it.
    """

    database: str
    buried: Ref
    previous: tuple[Ref, ...]
    whole: bool
    reason: str
    pruned_at: datetime
    key: str
    signature: str = ""

    @property
    def object_key(self) -> str:
        """Where it lies; a name may be used again, so its manifest's digest is a part of it."""
        return tombstone_key(self.database, self.buried)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values; a signature that is still to come is left out."""
        return {
            "version": _VERSION,
            "database": self.database,
            **self.buried.to_dict(),
            "previous": plain_refs(self.previous),
            "whole": self.whole,
            "reason": self.reason,
            "pruned_at": write_time(self.pruned_at),
            "key": self.key,
            **({"signature": self.signature} if self.signature else {}),
        }

    def to_json(self) -> str:
        """Write it as it lies in the vault."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    @classmethod
    def from_json(cls, raw: bytes) -> Self:
        """Read one; raises ValueError for what is none."""
        found = document.read_document(raw)
        names = ("version", "database", "scheduled_at", "number", "sha256", "previous", "whole")
        values = exactly(found, *names, "reason", "pruned_at", "key", "signature")
        if values["version"] != _VERSION:
            raise ValueError("of another version")
        buried = {name: values[name] for name in ("scheduled_at", "number", "sha256")}
        return cls(
            database_key(values["database"]),
            Ref.from_dict(buried),
            refs_of(values["previous"]),
            document.flag(values["whole"]),
            document.text(values["reason"], _LONGEST_REASON),
            document.time(values["pruned_at"]),
            matching(KEY, values["key"]),
            matching(SIGNATURE, values["signature"]),
        )

    def to_be_signed(self) -> bytes:
        """Give the bytes that are signed."""
        return spelled("snapper tombstone 1", replace(self, signature="").to_dict())

    def is_signed(self, check: Check) -> bool:
        """Tell whether its signature is a trusted one."""
        return check(self.to_be_signed(), self.signature)


def tombstone_folder(database: str) -> str:
    """Give where the tombstones of one database lie."""
    return f"{FOLDER}{database}/"


def tombstone_key(database: str, buried: Ref) -> str:
    """Give the key of a tombstone.

    >>> from datetime import UTC
    >>> tombstone_key("orders", Ref(datetime(2026, 11, 23, 3, tzinfo=UTC), 7, "ab" * 32))
    '_chain/orders/2026-11-23T03-00-00Z.7.abababababababab.json'
    """
    digest = buried.sha256[:16]
    return f"{tombstone_folder(database)}{stamp(buried.scheduled_at)}.{buried.number}.{digest}.json"


_TOMBSTONE = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.(\d{1,19})\.[0-9a-f]{16}\.json", re.A)


def tombstone_number(database: str, key: str) -> int | None:
    """Read the number in the key of a tombstone; None for the key of anything else."""
    folder = tombstone_folder(database)
    match = _TOMBSTONE.fullmatch(key, len(folder)) if key.startswith(folder) else None
    return int(match[1]) if match else None

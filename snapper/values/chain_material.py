"""All that is needed to judge a chain, as it was found: from a file it is judged anywhere."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from snapper.errors import SettingsError
from snapper.values import document
from snapper.values.chain import Heads
from snapper.values.job import write_time
from snapper.values.keys import database_key

VERSION = 1
LONGEST = 1 << 30
"""Bytes of an export: a gigabyte holds a million manifests."""


@dataclass(frozen=True)
class Kept:
    """One small object as it lies in the bucket; when it was stored, by S3's clock."""

    key: str
    body: bytes
    stored_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values: the very bytes, for their digest counts."""
        body = base64.b64encode(self.body).decode()
        return {"key": self.key, "body": body, "stored_at": write_time(self.stored_at)}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave; raises ValueError, KeyError and TypeError for nonsense."""
        body = base64.b64decode(found["body"], validate=True)
        return cls(document.text(found["key"]), body, document.time(found["stored_at"]))


@dataclass(frozen=True)
class Material:
    """What was found of one database's chain.

    `heads` are what Parameter Store has ever named as the newest, as far back as it knows. `others`
    are the sizes of all objects beside the manifests, by key, such as dumps and marks. Of what was
    not readable is said why, by key. `key` is the one by which the stage signs, empty where it does
    not. `unknown` are keys that are trusted and could not be had.
    """

    database: str
    heads: tuple[Heads, ...] = ()
    manifests: tuple[Kept, ...] = ()
    tombstones: tuple[Kept, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    unknown: frozenset[str] = frozenset()

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "heads": [each.to_dict() for each in self.heads],
            "manifests": [each.to_dict() for each in self.manifests],
            "tombstones": [each.to_dict() for each in self.tombstones],
            "others": dict(self.others),
            "unreadable": dict(self.unreadable),
        }

    @classmethod
    def from_dict(cls, database: str, key: str, found: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave; raises ValueError, KeyError and TypeError for nonsense."""
        return cls(
            database_key(database),
            tuple(Heads.from_dict(each) for each in found["heads"]),
            tuple(Kept.from_dict(each) for each in found["manifests"]),
            tuple(Kept.from_dict(each) for each in found["tombstones"]),
            {document.text(name): document.size(size) for name, size in found["others"].items()},
            {document.text(name): document.text(why) for name, why in found["unreadable"].items()},
            key,
        )


@dataclass(frozen=True)
class Export:
    """The chains of a stage at one time, with the public keys that it trusted then."""

    stage: str
    exported_at: datetime
    key: str
    public_keys: tuple[str, ...]
    chains: tuple[Material, ...]

    def to_json(self) -> str:
        """Write it as one file."""
        return (
            json.dumps(
                {
                    "version": VERSION,
                    "stage": self.stage,
                    "exported_at": write_time(self.exported_at),
                    "key": self.key,
                    "public_keys": list(self.public_keys),
                    "databases": {each.database: each.to_dict() for each in self.chains},
                },
                indent=1,
            )
            + "\n"
        )

    @classmethod
    def from_json(cls, text: str, where: str) -> Self:
        """Read such a file; raises SettingsError for another."""
        try:
            return cls._of(document.read_document(text, LONGEST))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SettingsError(
                f"{where} is no export of a chain",
                hint="verify --chain --export FILE writes one",
            ) from None

    @classmethod
    def _of(cls, found: Mapping[str, Any]) -> Self:
        if found["version"] != VERSION:
            raise ValueError("of another version")
        key = document.text(found["key"])
        return cls(
            document.text(found["stage"]),
            document.time(found["exported_at"]),
            key,
            tuple(document.text(each) for each in found["public_keys"]),
            tuple(Material.from_dict(name, key, each) for name, each in found["databases"].items()),
        )

"""The chain of one database's backups: what each signed manifest says of those before it.

Whoever may write to the bucket can write a manifest. A signed one says which manifests lay there
when it was made, by the SHA-256 of their bytes, so none of them can go or change unseen. The
signatures are ECDSA over P-256 and SHA-256.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from snapper.values import document
from snapper.values.job import write_time

FIELD = "chain"
"""The field of a manifest that holds its link."""

MOST = 2000
"""Predecessors that a manifest may name; a true one names one or two, a first one all unsigned."""

Check = Callable[[bytes, str], bool]
"""Tells whether a signature of these bytes is one by a trusted key."""

SIGNATURE = re.compile(r"[A-Za-z0-9+/=]{1,200}", re.ASCII)
KEY = re.compile(r"[A-Za-z0-9:/_-]{1,200}", re.ASCII)
_VERSION = 1


@dataclass(frozen=True, order=True)
class Ref:
    """One manifest, as others name it; an unsigned one has the number 0."""

    scheduled_at: datetime
    number: int
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "scheduled_at": write_time(self.scheduled_at),
            "number": self.number,
            "sha256": self.sha256,
        }

    @classmethod
    def from_dict(cls, found: object) -> Self:
        """Read what `to_dict` gave; raises ValueError for anything else."""
        values = exactly(found, "scheduled_at", "number", "sha256")
        return cls(
            document.time(values["scheduled_at"]),
            document.size(values["number"]),
            document.sha256(values["sha256"]),
        )


@dataclass(frozen=True)
class Link:
    """A manifest's place in the chain: its number, those before it, and who has signed it."""

    number: int
    previous: tuple[Ref, ...]
    key: str
    signature: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values; a signature that is still to come is left out."""
        signature = {"signature": self.signature} if self.signature else {}
        return {"number": self.number, "previous": plain_refs(self.previous), "key": self.key} | (
            signature
        )

    @classmethod
    def from_dict(cls, found: object) -> Self:
        """Read what `to_dict` gave; raises ValueError for anything else."""
        values = exactly(found, "number", "previous", "key", "signature")
        number = document.size(values["number"])
        if number < 1:
            raise ValueError("no number of a chain")
        return cls(
            number,
            refs_of(values["previous"]),
            matching(KEY, values["key"]),
            matching(SIGNATURE, values["signature"]),
        )


def signed_text(manifest: Mapping[str, Any]) -> bytes:
    """Give the bytes of a manifest that are signed: all of its JSON but seal and signature.

    The first line keeps a signature of one kind of document from being one of another.
    """
    link = {name: value for name, value in manifest[FIELD].items() if name != "signature"}
    return spelled(
        "snapper manifest 1",
        {**{name: value for name, value in manifest.items() if name != "seal"}, FIELD: link},
    )


def said(link: Link | None) -> str:
    """Say what a manifest says of its place in a chain: who shows it has checked no signature.

    >>> said(Link(12, (), "arn:aws:kms:a:1:key/b", "MEUC"))
    'number 12 of its chain, which verify --chain checks'
    """
    return f"number {link.number} of its chain, which verify --chain checks" if link else ""


@dataclass(frozen=True)
class Heads:
    """What was newest in a chain once, by the key that signs it: mostly one manifest."""

    key: str
    refs: tuple[Ref, ...]

    def to_json(self) -> str:
        """Write it as one text."""
        return json.dumps({"version": _VERSION, **self.to_dict()})

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {"key": self.key, "heads": plain_refs(self.refs)}

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read such a text; raises ValueError for anything else."""
        found = document.read_document(text)
        found.pop("version", None)
        return cls.from_dict(found)

    @classmethod
    def from_dict(cls, found: object) -> Self:
        """Read what `to_dict` gave; raises ValueError for anything else."""
        values = exactly(found, "key", "heads")
        return cls(matching(KEY, values["key"]), refs_of(values["heads"]))


def spelled(kind: str, values: Mapping[str, Any]) -> bytes:
    """Give the bytes of a document that are signed: what it is, and all that it says."""
    return f"{kind}\n{json.dumps(values, sort_keys=True)}".encode()


def plain_refs(refs: tuple[Ref, ...]) -> list[dict[str, Any]]:
    """Give them as JSON values."""
    return [each.to_dict() for each in refs]


def refs_of(found: object) -> tuple[Ref, ...]:
    """Read what `plain_refs` gave; raises ValueError for anything else."""
    if not isinstance(found, list) or len(found) > MOST:
        raise ValueError("no list of manifests")
    return tuple(Ref.from_dict(each) for each in found)


def matching(form: re.Pattern[str], value: object) -> str:
    """Read a text of this form; raises ValueError for any other."""
    if not (isinstance(value, str) and form.fullmatch(value)):
        raise ValueError("of another form")
    return value


def exactly(found: object, *names: str) -> dict[str, Any]:
    """Give an object that has these fields and no other."""
    if not isinstance(found, dict) or set(found) != set(names):
        raise ValueError("of other fields")
    return found

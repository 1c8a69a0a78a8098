"""What each object of a chain is by itself: signed or not, in its own place or in another's."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from snapper.errors import BackupDamaged
from snapper.values.chain import FIELD, Check, Link, Ref, signed_text
from snapper.values.chain_material import Kept, Material
from snapper.values.document import read_document
from snapper.values.keys import Kind, parse_key
from snapper.values.manifest import Manifest
from snapper.values.seal import is_sealed
from snapper.values.tombstone import Tombstone


class State(Enum):
    """What a signature says of a document."""

    SIGNED = "signed"
    UNSIGNED = "unsigned"
    FORGED = "forged"
    UNCHECKED = "unchecked"  # its key is trusted, and could not be had


@dataclass(frozen=True)
class Node:
    """One manifest of the bucket, in the place of the backup of this time.

    It has a link if it is signed, and a manifest if it can be read as one. `astray` says that it is
    that of another backup, `sealed` that no field was changed since it was written.
    """

    at: datetime
    ref: Ref
    state: State
    stored_at: datetime
    link: Link | None
    manifest: Manifest | None
    astray: bool
    sealed: bool

    @property
    def previous(self) -> tuple[Ref, ...]:
        """Those that it names; of what is not signed nobody believes it."""
        return self.link.previous if self.link and self.state is State.SIGNED else ()


@dataclass(frozen=True)
class Grave:
    """One object where tombstones lie: a tombstone if it can be read as one."""

    key: str
    state: State
    stored_at: datetime
    stone: Tombstone | None

    @property
    def astray(self) -> bool:
        """Whether it lies where it was not put."""
        return self.stone is not None and self.stone.object_key != self.key


def nodes(material: Material, check: Check) -> Iterator[Node]:
    """Judge every manifest by itself."""
    for kept in material.manifests:
        parsed = parse_key(material.database, kept.key)
        if parsed and parsed[1] is Kind.MANIFEST:
            yield _node(kept, parsed[0], check, material.unknown)


def graves(material: Material, check: Check) -> Iterator[Grave]:
    """Judge every tombstone by itself; one of another database is none."""
    for kept in material.tombstones:
        try:
            stone = Tombstone.from_json(kept.body)
        except ValueError:
            yield Grave(kept.key, State.FORGED, kept.stored_at, None)
            continue
        signed = check(stone.to_be_signed(), stone.signature)
        state = _state(stone.key, material.unknown, signed=signed)
        if signed and stone.database != material.database:
            state = State.FORGED
        yield Grave(kept.key, state, kept.stored_at, stone)


def node_of(kept: Kept, at: datetime, check: Check) -> Node:
    """Judge one manifest in the place of the backup of this time."""
    return _node(kept, at, check, frozenset())


def _node(kept: Kept, at: datetime, check: Check, unknown: frozenset[str]) -> Node:
    state, link, manifest, sealed = State.UNSIGNED, None, None, False
    try:
        found = read_document(kept.body)
        sealed = is_sealed(found)
        if FIELD in found:
            state = State.FORGED
            link = Link.from_dict(found[FIELD])
            signed = check(signed_text(found), link.signature)
            state = _state(link.key, unknown, signed=signed)
        manifest = Manifest.from_json(kept.body)
    except (ValueError, BackupDamaged):
        pass  # what cannot be read is nobody's manifest, whoever signed it
    number = link.number if link and state is State.SIGNED else 0
    ref = Ref(at, number, hashlib.sha256(kept.body).hexdigest())
    astray = manifest is not None and manifest.key != kept.key
    return Node(at, ref, state, kept.stored_at, link, manifest, astray, sealed)


def _state(key: str, unknown: frozenset[str], *, signed: bool) -> State:
    if signed:
        return State.SIGNED
    return State.UNCHECKED if key in unknown else State.FORGED

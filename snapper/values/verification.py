"""The verdict on one backup, recorded beside it: read when, restored when, and what was found."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

from snapper.errors import BackupDamaged
from snapper.values import document
from snapper.values.job import write_time
from snapper.values.keys import Kind
from snapper.values.proof import Proof
from snapper.values.seal import is_sealed, write_sealed

VERSION = 1

_ALWAYS = frozenset({"tables", "rows", "seconds"})
_MOST_REMARKS = 100

LONGEST_REASON = 10_000
"""Characters of a reason, or of a name; those that Snapper writes are far shorter."""

WITHOUT_OPENING = "proven without opening it: size, SHA-256 and header"
"""What is known of a sealed backup that was read without a key, in the words of its record."""

_ONLY_SEALED = frozenset({"unopened", "opened_at", "inside"})
"""What stands in the verdicts on sealed backups alone, where there is something to say."""


@dataclass(frozen=True)
class Restored:
    """What a server held after a restore that took so many seconds.

    Tables that are `uncounted` are there, and who restored them may not read them. A remark is a
    sentence on what is not as in the backup. Snappers before the first with a `proof` had none.
    """

    tables: int
    rows: int
    seconds: float
    uncounted: int = 0
    remarks: tuple[str, ...] = ()
    proof: Proof | None = None

    def __post_init__(self) -> None:
        """Keep no more than is read back."""
        kept = tuple(each[:LONGEST_REASON] for each in self.remarks[:_MOST_REMARKS])
        object.__setattr__(self, "remarks", kept)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values: what all of them have, and what there is to be said of this.

        But for the proof, which stands beside it: earlier Snappers refuse what they do not know.
        """
        plain = {**asdict(self), "remarks": list(self.remarks), "proof": None}
        return {name: value for name, value in plain.items() if name in _ALWAYS or value}


@dataclass(frozen=True)
class Accepted:
    """Who has said, and when, why a failed trial is no reason to worry."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class FailedTrial:
    """The last restore of a sound backup failed for a reason that lies in the backup."""

    at: datetime
    reason: str
    accepted: Accepted | None = None


@dataclass(frozen=True)
class Verification:
    """One verdict. It speaks of the object with this SHA-256, and of no other that replaced it.

    `restored` may be older than `verified_at`: what was proven once stays proven while the bytes
    are the same. `failed` is there until a trial succeeds. A sealed backup that was read without a
    key is `unopened`, and was `opened_at` an earlier time, if ever. What is damaged `inside` has
    the very bytes that were stored.
    """

    verified_at: datetime
    sha256: str
    sound: bool
    reason: str = ""
    restored: Restored | None = None
    restored_at: datetime | None = None
    failed: FailedTrial | None = None
    unopened: bool = False
    opened_at: datetime | None = None
    inside: bool = False

    @classmethod
    def without_opening(cls, at: datetime, sha256: str) -> Self:
        """Say of a sealed backup what can be said without a key: it is the one that was stored."""
        return cls(at, sha256, sound=True, reason=WITHOUT_OPENING, unopened=True)

    @property
    def never_opened(self) -> bool:
        """Whether nobody has seen what is in it, as far as is known."""
        return self.unopened and self.opened_at is None

    @property
    def kind(self) -> Kind:
        """Under which kind of key it lies: who may only list sees by it what is damaged."""
        return Kind.VERIFICATION if self.sound else Kind.DAMAGED

    @property
    def proven_at(self) -> datetime | None:
        """When it was last restored; earlier Snappers wrote one time for both."""
        return (self.restored_at or self.verified_at) if self.restored else None

    @property
    def times(self) -> tuple[datetime, ...]:
        """All times that it bears."""
        restored = (self.restored_at,) if self.restored_at else ()
        failed = (self.failed.at,) if self.failed else ()
        word = self.failed.accepted if self.failed else None
        opened = (self.opened_at,) if self.opened_at else ()
        return (self.verified_at, *restored, *failed, *((word.at,) if word else ()), *opened)

    @property
    def unrestorable(self) -> FailedTrial | None:
        """The failed trial for which nobody has given a reason yet, if there is one."""
        return None if self.failed is None or self.failed.accepted else self.failed

    def after(self, earlier: "Verification | None") -> "Verification":
        """Keep what an earlier verdict on the same bytes knew, and this one did not try again.

        A proof ends a failure. A failure for the reason that was accepted before stays accepted.
        Damage that was found inside is not undone by who cannot look there.
        """
        if earlier is None or self.sha256 != earlier.sha256:
            return self
        if self.unopened and earlier.inside:
            return replace(earlier, verified_at=self.verified_at)
        if self.restored or not (self.sound and earlier.sound):
            return self
        failed = self.failed or earlier.failed
        if failed and earlier.failed and failed.reason == earlier.failed.reason:
            failed = replace(failed, accepted=earlier.failed.accepted)
        opened_at = earlier.opened_at if earlier.unopened else earlier.verified_at
        return replace(
            self,
            restored=earlier.restored,
            restored_at=earlier.proven_at,
            failed=failed,
            opened_at=opened_at if self.unopened else None,
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the verdict as JSON values, with its version."""
        restored = self.restored.to_dict() if self.restored else None
        proof = self.restored.proof if self.restored else None
        beside = {"proof": proof.to_dict()} if proof else {}
        plain = {**asdict(self), "restored": restored}
        told = {name: value for name, value in plain.items() if value or name not in _ONLY_SEALED}
        return {"version": VERSION, **_plain(told), **beside}

    def to_json(self) -> str:
        """Write the verdict as it lies in the vault."""
        return write_sealed(self.to_dict())

    @classmethod
    def from_json(cls, raw: bytes | str) -> Self:
        """Read a verdict; raise BackupDamaged if it cannot be read."""
        try:
            found = document.read_document(raw)
            if found["version"] != VERSION:
                raise BackupDamaged("a verification record has another version")
            if not is_sealed(found):
                raise BackupDamaged("a verification record was changed after it was written")
            return cls.from_dict(found)
        except (ValueError, KeyError, TypeError):
            raise BackupDamaged("a verification record cannot be read") from None

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Self:
        """Read what `to_dict` gave; raises ValueError, KeyError and TypeError for nonsense."""
        if not isinstance(found, dict):
            raise TypeError
        restored_at, opened_at = found.get("restored_at"), found.get("opened_at")
        return cls(
            verified_at=document.time(found["verified_at"]),
            # That of a backup whose manifest could not be read is not known.
            sha256=found["sha256"] and document.sha256(found["sha256"]),
            sound=found["sound"] is True,
            reason=document.text(found["reason"], LONGEST_REASON),
            restored=_read_restored(found["restored"], found.get("proof")),
            restored_at=None if restored_at is None else document.time(restored_at),
            failed=_read_failed(found.get("failed")),
            unopened=found.get("unopened") is True,
            opened_at=None if opened_at is None else document.time(opened_at),
            inside=found.get("inside") is True,
        )


def _plain(value: Any) -> Any:  # noqa: ANN401  of any kind of JSON
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return write_time(value) if isinstance(value, datetime) else value


def _read_restored(found: dict[str, Any] | None, proof: dict[str, Any] | None) -> Restored | None:
    if found is None:
        return None
    if not isinstance(found, dict):
        raise TypeError
    remarks = found.get("remarks", [])
    if not isinstance(remarks, list) or len(remarks) > _MOST_REMARKS:
        raise TypeError
    known = Restored(
        document.size(found["tables"]),
        document.size(found["rows"]),
        document.seconds(found["seconds"]),
        document.size(found.get("uncounted", 0)),
        tuple(document.text(each, LONGEST_REASON) for each in remarks),
    )
    if found.keys() != known.to_dict().keys():
        raise ValueError("more than is known of a restore")
    return known if proof is None else replace(known, proof=Proof.from_dict(proof))


def _read_failed(found: dict[str, Any] | None) -> FailedTrial | None:
    if found is None:
        return None
    at, reason = document.time(found["at"]), document.text(found["reason"], LONGEST_REASON)
    return FailedTrial(at, reason, _read_accepted(found["accepted"]))


def _read_accepted(found: dict[str, Any] | None) -> Accepted | None:
    if found is None:
        return None
    by, reason = (document.text(found[name], LONGEST_REASON) for name in ("by", "reason"))
    return Accepted(document.time(found["at"]), by, reason)

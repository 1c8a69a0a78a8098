"""The verdict on one backup, recorded beside it: when it was read back, and what was found."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from snapper.errors import BackupDamaged
from snapper.values.job import read_time, write_time
from snapper.values.keys import Kind
from snapper.values.seal import is_sealed, write_sealed

VERSION = 1


@dataclass(frozen=True)
class Restored:
    """What a throw-away PostgreSQL held after a restore that took so many seconds."""

    tables: int
    rows: int
    seconds: float


@dataclass(frozen=True)
class Verification:
    """One verdict. It speaks of the object with this SHA-256, and of no other that replaced it."""

    verified_at: datetime
    sha256: str
    sound: bool
    reason: str = ""
    restored: Restored | None = None

    @property
    def kind(self) -> Kind:
        """Under which kind of key it lies: who may only list sees by it what is damaged."""
        return Kind.VERIFICATION if self.sound else Kind.DAMAGED

    def to_dict(self) -> dict[str, Any]:
        """Give the verdict as JSON values, with its version."""
        return {"version": VERSION, **asdict(self), "verified_at": write_time(self.verified_at)}

    def to_json(self) -> str:
        """Write the verdict as it lies in the vault."""
        return write_sealed(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a verdict; raise BackupDamaged if it cannot be read."""
        try:
            found = json.loads(text)
            if found["version"] != VERSION:
                raise BackupDamaged(f"a verification record has version {found['version']!r}")
            if not is_sealed(found):
                raise BackupDamaged("a verification record was changed after it was written")
            restored = found["restored"]
            return cls(
                verified_at=read_time(found["verified_at"]),
                sha256=str(found["sha256"]),
                sound=found["sound"] is True,
                reason=str(found["reason"]),
                restored=Restored(**restored) if restored else None,
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            raise BackupDamaged("a verification record cannot be read") from None

"""The last trial of a database: which backup was restored for the proof, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from snapper.errors import BackupDamaged
from snapper.values import document
from snapper.values.job import write_time
from snapper.values.seal import is_sealed, write_sealed
from snapper.values.verification import Verification

VERSION = 1


@dataclass(frozen=True)
class Trial:
    """The verdict on the newest backup that was tried; it outlives that backup.

    Retention may delete a backup that could not be restored. That nobody has restored any since
    is then still true. Where this trial has proven nothing, nothing was proven `since`; or an older
    backup was proven then, after this trial.
    """

    taken_at: datetime
    begun_at: datetime
    verdict: Verification
    since: datetime | None = None

    @property
    def unproven_since(self) -> datetime | None:
        """When a backup was last restored, or since when it is known that none was."""
        return max(filter(None, (self.verdict.proven_at, self.since)), default=None)

    @property
    def times(self) -> tuple[datetime, ...]:
        """All times that it bears."""
        since = (self.since,) if self.since else ()
        return self.taken_at, self.begun_at, *since, *self.verdict.times

    def to_json(self) -> str:
        """Write the trial as it lies in the vault."""
        plain: dict[str, Any] = {
            "version": VERSION,
            "taken_at": write_time(self.taken_at),
            "begun_at": write_time(self.begun_at),
            "verification": self.verdict.to_dict(),
        }
        if self.since:
            plain["since"] = write_time(self.since)
        return write_sealed(plain)

    @classmethod
    def from_json(cls, raw: bytes | str) -> Self:
        """Read a trial; raise BackupDamaged if it is not as it was written."""
        try:
            found = document.read_document(raw)
            if found["version"] != VERSION or not is_sealed(found):
                raise BackupDamaged("the record of the last trial was changed")
            return cls(
                document.time(found["taken_at"]),
                document.time(found["begun_at"]),
                Verification.from_dict(found["verification"]),
                document.time(found["since"]) if "since" in found else None,
            )
        except (ValueError, KeyError, TypeError):
            raise BackupDamaged("the record of the last trial cannot be read") from None

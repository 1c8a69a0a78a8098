"""The wish to prove one backup by restoring it; it travels the queue without secrets."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from snapper.errors import SettingsError
from snapper.values.job import read_time, write_time
from snapper.values.keys import DATABASE_KEY

VERSION = 1
_LONGEST_VERSION = 20
_LONGEST_REASON = 2000


@dataclass(frozen=True)
class Drill:
    """One backup, by its scheduled time, and when it was ordered to be proven.

    Among the dead letters it says for which `reason` it is there, if that lies in the backup.
    """

    database: str
    taken_at: datetime
    ordered_at: datetime
    reason: str = ""

    def to_json(self) -> str:
        """Write the drill as a message body; no older release takes it for a job."""
        plain: dict[str, Any] = {
            "version": VERSION,
            "drill": self.database,
            "taken_at": write_time(self.taken_at),
            "ordered_at": write_time(self.ordered_at),
        }
        if self.reason:
            plain["reason"] = self.reason[:_LONGEST_REASON]
        return json.dumps(plain)

    @classmethod
    def from_json(cls, body: str) -> Self:
        """Read a message body; raise SettingsError if it is not a drill of this version."""
        try:
            fields = json.loads(body)
            version, database = fields["version"], fields["drill"]
            taken_at, ordered_at = (read_time(fields[name]) for name in ("taken_at", "ordered_at"))
            reason = fields.get("reason", "")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise SettingsError(
                f"a message of {len(body)} characters is not a drill",
                hint="only the prover puts messages on this queue",
            ) from None
        if version != VERSION:
            told = repr(version)[:_LONGEST_VERSION]
            raise SettingsError(
                f"a drill has version {told}, this Snapper reads {VERSION}",
                hint="run pulumi up so that all functions are of one release",
            )
        if not (isinstance(database, str) and DATABASE_KEY.fullmatch(database)):
            raise SettingsError("a drill names no database")
        if not isinstance(reason, str):
            raise SettingsError("a drill has a reason that is no text")
        return cls(database, taken_at, ordered_at, reason[:_LONGEST_REASON])

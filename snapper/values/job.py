"""The wish to back up one database for one scheduled time; it travels the queue without secrets."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from snapper.errors import SettingsError
from snapper.values.keys import DATABASE_KEY
from snapper.values.program import PROGRAM

VERSION = 1
_LONGEST_VERSION = 20


@dataclass(frozen=True)
class Job:
    """One database, one scheduled time (UTC, to the second): the same job makes one backup."""

    database: str
    scheduled_at: datetime

    def to_json(self) -> str:
        """Write the job as a message body.

        >>> Job("orders", datetime(2026, 11, 23, 3, tzinfo=UTC)).to_json()
        '{"version": 1, "database": "orders", "scheduled_at": "2026-11-23T03:00:00Z"}'
        """
        return json.dumps(
            {
                "version": VERSION,
                "database": self.database,
                "scheduled_at": write_time(self.scheduled_at),
            }
        )

    @classmethod
    def from_json(cls, body: str) -> Self:
        """Read a message body; raise SettingsError if it is not a job of this version."""
        try:
            fields = json.loads(body)
            version, database = fields["version"], fields["database"]
            scheduled_at = read_time(fields["scheduled_at"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise SettingsError(
                f"a message of {len(body)} characters is not a job",
                hint=f"only the dispatcher and {PROGRAM} run put messages on this queue",
            ) from None
        if version != VERSION:
            told = repr(version)[:_LONGEST_VERSION]  # of a stranger's it may be of any length
            raise SettingsError(
                f"a job has version {told}, this Snapper reads {VERSION}",
                hint="run pulumi up so that all functions are of one release",
            )
        if not (isinstance(database, str) and DATABASE_KEY.fullmatch(database)):
            raise SettingsError("a job names no database")
        return cls(database, scheduled_at)


_ZONE = len("+00:00")


def write_time(at: datetime) -> str:
    """Write a time as ISO 8601 in UTC, to the second, with a Z."""
    return f"{at.astimezone(UTC).isoformat(timespec='seconds')[:-_ZONE]}Z"


def read_time(text: str) -> datetime:
    """Read an ISO 8601 time with its zone, to the second; raise ValueError otherwise."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    if not 1970 < at.year < 9999:
        raise ValueError("a time that no key can hold")
    # Most are as they are to be.
    return (
        at if at.tzinfo is UTC and not at.microsecond else at.astimezone(UTC).replace(microsecond=0)
    )

"""What the verbs log while they work: named events with fields, never with a secret."""

from typing import Protocol

from snapper.errors import SnapperError
from snapper.values.job import Job, write_time


class Events(Protocol):
    """Takes `dump.began`, `dump.ended`, `dump.failed`, `backup.pruned` and so on."""

    def emit(self, event: str, /, **fields: str | float) -> None:
        """Log one event with its fields."""
        ...


class Silence:
    """Events that are not logged."""

    def emit(self, event: str, /, **fields: str | float) -> None:
        """Do nothing."""


def tell_failure(events: Events, event: str, job: Job, error: SnapperError) -> None:
    """Log that a job failed, with the reason; an error is logged once."""
    if not error.reported:
        events.emit(
            event,
            database=job.database,
            scheduled_at=write_time(job.scheduled_at),
            kind=type(error).__name__,
            reason=str(error),
            hint=error.hint,
        )
        error.reported = True

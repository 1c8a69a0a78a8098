"""What the verbs tell while they work: named events with fields, never with a secret."""

from typing import Protocol

from snapper.errors import SnapperError
from snapper.values.job import Job, write_time


class Events(Protocol):
    """Takes `dump.began`, `dump.ended`, `dump.failed`, `backup.pruned` and so on."""

    def emit(self, event: str, /, **fields: str | float) -> None:
        """Tell one event with its fields."""
        ...


class Silence:
    """Events for those who do not listen."""

    def emit(self, event: str, /, **fields: str | float) -> None:
        """Tell nobody."""


def tell_failure(events: Events, event: str, job: Job, error: SnapperError) -> None:
    """Tell what became of a job, with the reason; what has been told already is not repeated."""
    if not error.told:
        events.emit(
            event,
            database=job.database,
            scheduled_at=write_time(job.scheduled_at),
            kind=type(error).__name__,
            reason=str(error),
            hint=error.hint,
        )
        error.told = True

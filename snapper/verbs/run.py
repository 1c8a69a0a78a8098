"""Queue a backup now, and follow it to its end."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from snapper.aws.logs import LogEvent, Logs
from snapper.aws.parameters import Parameters
from snapper.aws.queue import JobQueue, Retries
from snapper.aws.vault import Vault
from snapper.errors import (
    AwsFailed,
    BackupInProgress,
    DeadlineReached,
    DumpFailed,
    DumpStopped,
    SettingsError,
    exit_code_of,
)
from snapper.values.container import CONTAINER
from snapper.values.job import Job, write_time
from snapper.values.manifest import Manifest
from snapper.values.nearest import did_you_mean
from snapper.values.program import PROGRAM
from snapper.verbs.catalog import read_manifest
from snapper.verbs.place import made_for

_POLL_SECONDS = 1.0

_FINAL = frozenset({DeadlineReached.__name__, DumpStopped.__name__})
"""After such a failure a container does not try again, nor after a defect of ours."""


def queue_now(
    databases: Sequence[str], parameters: Parameters, queue: JobQueue, now: datetime
) -> list[Job]:
    """Queue a job for each database, or for all if none is named; give the jobs.

    Raises SettingsError for a database that the stage does not have.
    """
    jobs = [Job(key, now.replace(microsecond=0)) for key in chosen(databases, parameters)]
    queue.send(jobs)
    return jobs


def chosen(databases: Sequence[str], parameters: Parameters) -> list[str]:
    """Give the databases that were named, or all; raise SettingsError for one that is unknown."""
    return only(databases, parameters.database_keys())


def only(databases: Sequence[str], known: Sequence[str]) -> list[str]:
    """Give those of the known databases that are named, or all; raise SettingsError if unknown."""
    if unknown := sorted(set(databases) - set(known)):
        raise SettingsError(
            f"the stage has no database {', '.join(unknown)}", hint=those_meant(unknown, known)
        )
    return sorted(set(databases) or known)


def those_meant(unknown: Iterable[str], known: Collection[str]) -> str:
    """Give a hint for keys that the stage does not have: those close to them, and all it has."""
    meant = [did_you_mean(key, known) for key in unknown]
    return " ".join([*filter(None, meant), f"it has {', '.join(sorted(known)) or 'none'}"])


def follow(
    job: Job,
    vault: Vault,
    logs: Logs,
    patience: timedelta,
    retries: Callable[[], Retries],
    tell: Callable[[LogEvent], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Manifest:
    """Wait until the job has made its backup, and give the manifest.

    `tell` is given each event of the job as it is logged. Raises DumpFailed with the reason at the
    first failed attempt, with the exit code of what failed there and a note on the next one;
    BackupInProgress when `patience` is over.
    """
    end = datetime.now(UTC) + patience
    seen = 0
    while datetime.now(UTC) < end:
        holding = made_for(vault, job)
        events = list(_events_of(job, logs))
        for event in events[seen:]:
            tell(event)
        seen = len(events)
        if holding:
            return read_manifest(vault, holding)
        if failed := next(filter(_is_failure, events), None):
            raise _failure(job, failed.fields, retries)
        sleep(_POLL_SECONDS)
    raise BackupInProgress(
        f"the backup of {job.database} is not made after {patience.total_seconds() / 60:g} minutes",
        hint=f"its job goes on; {PROGRAM} status shows how it ends",
    )


def _is_failure(event: LogEvent) -> bool:
    # That another delivery of the same job is at work is no reason to give up on it.
    return event.name == "dump.failed" and event.fields.get("kind") != BackupInProgress.__name__


def _failure(job: Job, fields: dict[str, Any], retries: Callable[[], Retries]) -> DumpFailed:
    kind = str(fields.get("kind"))
    error = DumpFailed(
        f"the backup of {job.database} failed: {fields.get('reason') or f'an unexpected {kind}'}",
        hint=str(fields.get("hint") or ""),
    )
    error.exit_code = exit_code_of(kind) or DumpFailed.exit_code
    attempt = fields.get("attempt")
    known = attempt if isinstance(attempt, int) else 1  # a log is input too
    final = kind in _FINAL or exit_code_of(kind) is None
    if final and fields.get("service") == CONTAINER:
        error.add_note(_given_up(job, "it is not tried again"))
    else:
        error.add_note(_what_follows(job, known, retries))
    return error


def _what_follows(job: Job, attempt: int, retries: Callable[[], Retries]) -> str:
    """Say what becomes of a job after a failed attempt."""
    try:
        queue = retries()
    except AwsFailed:
        return "the job may be tried again"  # that nobody may look at the queue is no failure
    if attempt < queue.attempts:
        minutes = queue.pause_after(attempt).total_seconds() / 60
        return f"tried again in {minutes:.0f} min ({attempt + 1} of {queue.attempts})"
    return _given_up(job, f"that was attempt {attempt} of {queue.attempts}")


def _given_up(job: Job, why: str) -> str:
    return (
        f"{why}: the job goes to the dead-letter queue;"
        f" {PROGRAM} retry {job.database} tries it again"
    )


def _events_of(job: Job, logs: Logs) -> Iterator[LogEvent]:
    # The clocks of this machine and of AWS may differ a little.
    since = job.scheduled_at - timedelta(minutes=5)
    wanted = write_time(job.scheduled_at)
    for event in logs.events(since, f'"{wanted}"'):
        if event.fields.get("database") == job.database:
            yield event

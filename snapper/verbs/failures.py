"""The dead letters with their reasons, and the way back."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from snapper.aws.dead_letters import DeadLetters, Letter
from snapper.aws.logs import Logs
from snapper.aws.queue import JobQueue
from snapper.errors import SettingsError
from snapper.values.health import Failure
from snapper.values.job import Job, read_time, write_time

_CLOCKS_DIFFER = timedelta(minutes=5)


def failed_dumps(logs: Logs, since: datetime) -> Iterator[tuple[str, Failure]]:
    """Give every failed attempt that was logged since then with its database, oldest first."""
    for event in logs.events(since, '"dump.failed"'):
        if event.name != "dump.failed":
            continue
        fields = event.fields
        try:
            scheduled_at = read_time(str(fields.get("scheduled_at")))
        except ValueError:
            continue
        reason = fields.get("reason") or f"an unforeseen {fields.get('kind', 'error')}"
        yield str(fields.get("database")), Failure(scheduled_at, event.at, str(reason))


def explained(letters: DeadLetters, logs: Logs) -> list[tuple[Letter, Failure | None]]:
    """Give every dead letter with the reason of its last attempt, where the log still has it."""
    found = letters.read()
    reasons: dict[Job, Failure] = {}
    if jobs := [letter for letter in found if letter.job]:
        first = min(letter.sent_at for letter in jobs) - _CLOCKS_DIFFER
        for database, failure in failed_dumps(logs, first):
            reasons[Job(database, failure.scheduled_at)] = failure
    return [(letter, reasons.get(letter.job) if letter.job else letter.failure) for letter in found]


def retry(
    letters: DeadLetters,
    queue: JobQueue,
    fire: Callable[[dict[str, Any]], None],
    databases: Sequence[str],
    *,
    dry_run: bool,
) -> list[Letter]:
    """Put the letters of the databases, or all, back where they came from; give them.

    A letter is removed only after its job is queued: what happens between makes the job come
    twice, which makes one backup all the same. An event that was never dispatched goes to `fire`,
    when no database is named. Raises SettingsError if a named database has no letter, AwsFailed.
    """
    with letters.held() as found:
        wanted = [letter for letter in found if _is_wanted(letter, databases)]
        there = {letter.job.database for letter in wanted if letter.job}
        if missing := sorted(set(databases) - there):
            raise SettingsError(
                f"there is no dead letter of {', '.join(missing)}",
                hint="snapper failures shows those there are",
            )
        for letter in () if dry_run else wanted:
            _put_back(letter, queue, fire)
            letters.remove(letter)
    return wanted


def _put_back(letter: Letter, queue: JobQueue, fire: Callable[[dict[str, Any]], None]) -> None:
    if letter.job:
        queue.send([letter.job])
    elif letter.failure:
        fire({"time": write_time(letter.failure.scheduled_at)})


def _is_wanted(letter: Letter, databases: Sequence[str]) -> bool:
    if letter.job:
        return not databases or letter.job.database in databases
    return not databases and letter.failure is not None

"""The dead letters with their reasons, and the way back."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from snapper.edges.dead_letters import DeadLetters, Letter
from snapper.edges.logs import Logs
from snapper.edges.queue import JobQueue
from snapper.errors import SettingsError
from snapper.values.health import Failure
from snapper.values.job import write_time

_CLOCKS_DIFFER = timedelta(minutes=5)


def explained(letters: DeadLetters, logs: Logs) -> list[tuple[Letter, Failure | None]]:
    """Give every dead letter with the reason of its last attempt, where the log still has it."""
    found = letters.read()
    if not found:
        return []
    reasons: dict[tuple[str, str], Failure] = {}
    first = min(letter.sent_at for letter in found) - _CLOCKS_DIFFER
    for event in logs.events(first, '"dump.failed"'):
        fields = event.fields
        place = (str(fields.get("database")), str(fields.get("scheduled_at")))
        reasons[place] = Failure(event.at, str(fields.get("reason") or fields.get("kind")))
    return [(letter, _reason(letter, reasons)) for letter in found]


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
    found = [letter for letter in letters.read() if _is_wanted(letter, databases)]
    there = {letter.job.database for letter in found if letter.job}
    if missing := sorted(set(databases) - there):
        raise SettingsError(f"there is no dead letter of {', '.join(missing)}")
    if not dry_run:
        for letter in found:
            _put_back(letter, queue, fire)
            letters.remove(letter)
    return found


def _put_back(letter: Letter, queue: JobQueue, fire: Callable[[dict[str, Any]], None]) -> None:
    if letter.job:
        queue.send([letter.job])
    elif letter.undispatched_at:
        fire({"time": write_time(letter.undispatched_at)})


def _is_wanted(letter: Letter, databases: Sequence[str]) -> bool:
    if letter.job:
        return not databases or letter.job.database in databases
    return not databases and letter.undispatched_at is not None


def _reason(letter: Letter, reasons: dict[tuple[str, str], Failure]) -> Failure | None:
    if letter.job is None:
        return None
    return reasons.get((letter.job.database, write_time(letter.job.scheduled_at)))

"""The dead letters with their reasons, and the ways out: back to the queue, or away."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from snapper.aws.dead_letters import DeadLetters, Letter
from snapper.aws.logs import Logs
from snapper.aws.queue import JobQueue
from snapper.errors import SettingsError
from snapper.values.health import Failure
from snapper.values.job import Job, read_time, write_time
from snapper.values.program import PROGRAM
from snapper.verbs.run import those_meant

_CLOCKS_DIFFER = timedelta(minutes=5)

Explained = list[tuple[Letter, Failure | None]]


@dataclass(frozen=True)
class Selection:
    """Which dead letters are meant: jobs of databases, undispatched events, foreign messages."""

    databases: tuple[str, ...] = ()
    undispatched: bool = False
    foreign: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing at all was named."""
        return not (self.databases or self.undispatched or self.foreign)

    def takes(self, letter: Letter) -> bool:
        """Tell whether this letter is meant."""
        if letter.database:
            return letter.database in self.databases
        return self.undispatched if letter.failure else self.foreign


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
        reason = fields.get("reason") or f"an unexpected {fields.get('kind', 'error')}"
        yield str(fields.get("database")), Failure(scheduled_at, event.at, str(reason))


def explained(letters: Sequence[Letter], logs: Logs) -> Explained:
    """Give every letter with the reason of its last attempt, where the log still has it."""
    reasons: dict[Job, Failure] = {}
    if jobs := [letter for letter in letters if letter.job]:
        first = min(letter.sent_at for letter in jobs) - _CLOCKS_DIFFER
        for database, failure in failed_dumps(logs, first):
            reasons[Job(database, failure.scheduled_at)] = failure
    return [
        (letter, reasons.get(letter.job) if letter.job else letter.failure) for letter in letters
    ]


def discard(
    letters: DeadLetters,
    logs: Logs,
    selection: Selection,
    known: Callable[[], Sequence[str]],
    *,
    dry_run: bool,
) -> Explained:
    """Delete the selected letters for good; give them with their reasons, seen for the last time.

    Raises SettingsError if nothing is selected or a named database has no letter, AwsFailed.
    """
    if selection.empty:
        raise SettingsError(
            "nothing is named to be discarded",
            hint="name databases, or add --undispatched or --foreign",
        )
    with letters.held() as found:
        wanted = [letter for letter in found if selection.takes(letter)]
        require_letters(selection.databases, wanted, known)
        discarded = explained(wanted, logs)
        for letter in () if dry_run else wanted:
            letters.remove(letter)
    return discarded


def retry(
    letters: DeadLetters,
    queue: JobQueue,
    fire: Callable[[dict[str, Any]], None],
    prune: Callable[[Job], None],
    databases: Sequence[str],
    known: Callable[[], Sequence[str]],
    *,
    dry_run: bool,
) -> list[Letter]:
    """Put the letters of the databases, or all, back where they came from; give them.

    A letter is removed only after its job is queued: what happens between makes the job come
    twice, which makes one backup all the same. An event that was never dispatched goes to `fire`,
    when no database is named; one after which was not pruned to `prune`. Raises SettingsError if a
    named database has no letter, AwsFailed.
    """
    with letters.held() as found:
        wanted = [letter for letter in found if _goes_back(letter, databases)]
        require_letters(databases, wanted, known)
        for letter in () if dry_run else wanted:
            _put_back(letter, queue, fire, prune)
            letters.remove(letter)
    return wanted


def require_letters(
    databases: Sequence[str], letters: Sequence[Letter], known: Callable[[], Sequence[str]]
) -> None:
    """Raise SettingsError if a database has no letter; one the stage does not know is misspelt."""
    missing = sorted(set(databases) - {letter.database for letter in letters})
    if not missing:
        return
    there = known()
    if unknown := [key for key in missing if key not in there]:
        raise SettingsError(
            f"there is no dead letter of {', '.join(unknown)}, and no such database in the stage",
            hint=those_meant(unknown, there),
        )
    raise SettingsError(
        f"there is no dead letter of {', '.join(missing)}",
        hint=f"{PROGRAM} failures shows those there are",
    )


def _put_back(
    letter: Letter,
    queue: JobQueue,
    fire: Callable[[dict[str, Any]], None],
    prune: Callable[[Job], None],
) -> None:
    if letter.job:
        queue.send([letter.job])
    elif letter.pruned:
        prune(letter.pruned)
    elif letter.failure:
        event: dict[str, Any] = {"time": write_time(letter.failure.scheduled_at)}
        fire({**event, "resources": list(letter.rules)} if letter.rules else event)


def _goes_back(letter: Letter, databases: Sequence[str]) -> bool:
    if letter.database:
        return not databases or letter.database in databases
    return not databases and letter.failure is not None

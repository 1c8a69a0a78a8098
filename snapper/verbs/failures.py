"""The dead letters with their reasons, and the ways out: back to the queue, or away."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from snapper.aws.dead_letters import DeadLetters, Letter
from snapper.aws.logs import LogEvent, Logs
from snapper.aws.queue import JobQueue
from snapper.errors import SettingsError
from snapper.values.drill import Drill
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


@dataclass(frozen=True)
class Ways:
    """How what is retried goes back: to the queue, or once more to the function that failed."""

    queue: JobQueue
    dispatch: Callable[[dict[str, Any]], None]
    prune: Callable[[Job], None]
    drill: Callable[[Drill], None]
    plan: Callable[[dict[str, Any]], None]


def failed_dumps(logs: Logs, since: datetime) -> Iterator[tuple[str, Failure]]:
    """Give every failed attempt that was logged since then with its database, oldest first."""
    return _failures(logs, since, "dump.failed")


def _failures(logs: Logs, since: datetime, name: str) -> Iterator[tuple[str, Failure]]:
    for event in logs.events(since, f'"{name}"'):
        if event.name == name and (failure := read_failure(event)):
            yield str(event.fields.get("database")), failure


def read_failure(event: LogEvent) -> Failure | None:
    """Read what a function has logged of a failed attempt; None if it is not as one writes it."""
    try:
        scheduled_at = read_time(str(event.fields.get("scheduled_at")))
    except ValueError:
        return None
    reason = event.fields.get("reason") or f"an unexpected {event.fields.get('kind', 'error')}"
    return Failure(scheduled_at, event.at, str(reason))


def explained(letters: Sequence[Letter], logs: Logs, provers: Logs | None = None) -> Explained:
    """Give every letter with the reason of its last attempt, where a log still has it.

    Those of the dumper and of the prover, if there is one.
    """
    of_jobs = [each for each in letters if each.job]
    of_drills = [each for each in letters if each.drill and not each.drill.reason]
    jobs = _reasons(of_jobs, logs, "dump.failed")
    drills = _reasons(of_drills, provers, "drill.failed", "drill.untried") if provers else {}
    return [(each, _reason(each, jobs, drills)) for each in letters]


_Reasons = dict[tuple[str, datetime], Failure]


def _reasons(letters: Sequence[Letter], logs: Logs, *events: str) -> _Reasons:
    """Give the last failures since the first of the letters, by database and time."""
    if not letters:
        return {}
    first = min(each.sent_at for each in letters) - _CLOCKS_DIFFER
    failures = [each for event in events for each in _failures(logs, first, event)]
    failures.sort(key=lambda each: each[1].at)
    return {(key, found.scheduled_at): found for key, found in failures}


def _reason(letter: Letter, jobs: _Reasons, drills: _Reasons) -> Failure | None:
    if job := letter.job:
        # What a container said itself says more than what Batch says of its end.
        return jobs.get((job.database, job.scheduled_at)) or letter.failure
    if (drill := letter.drill) and not drill.reason:
        return drills.get((drill.database, drill.taken_at)) or letter.failure
    return letter.failure


def discard(
    letters: DeadLetters,
    logs: Logs,
    selection: Selection,
    known: Callable[[], Sequence[str]],
    *,
    dry_run: bool,
    provers: Logs | None = None,
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
        discarded = explained(wanted, logs, provers)
        for letter in () if dry_run else wanted:
            letters.remove(letter)
    return discarded


def retry(
    letters: DeadLetters,
    ways: Ways,
    databases: Sequence[str],
    known: Callable[[], Sequence[str]],
    *,
    dry_run: bool,
) -> tuple[list[Letter], list[Letter]]:
    """Put the letters of the databases, or all, back; give them, and the restores that stay.

    A letter is removed only after its job is queued: what happens between makes the job come
    twice, which makes one backup all the same. Events that are of no one database go back when
    none is named. A restore never goes back: what it would meet is for somebody to look at.
    Raises SettingsError if a named database has no letter, or of restores only, AwsFailed.
    """
    with letters.held() as found:
        wanted = [letter for letter in found if _goes_back(letter, databases)]
        _refuse_restores(databases, found, wanted)
        require_letters(databases, wanted, known)
        for letter in () if dry_run else wanted:
            _put_back(letter, ways)
            letters.remove(letter)
    restores = [each for each in found if each.restore]
    stay = [each for each in restores if not databases or each.database in databases]
    return wanted, stay


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


def _refuse_restores(
    databases: Sequence[str], found: Sequence[Letter], wanted: Sequence[Letter]
) -> None:
    """Raise SettingsError if all that a named database has are restores."""
    restores = {each.restore.database for each in found if each.restore}
    if only := sorted((restores & {*databases}) - {letter.database for letter in wanted}):
        raise SettingsError(
            f"what has failed of {', '.join(only)} are restores, which are never tried again by"
            " themselves: their target may have changed since",
            hint=f"{PROGRAM} restore {only[0]} --in-cloud --into TARGET orders one anew;"
            f" {PROGRAM} failures --discard ends the alarm",
        )


def _put_back(letter: Letter, ways: Ways) -> None:
    if letter.job:
        ways.queue.send([letter.job])
    elif letter.pruned:
        ways.prune(letter.pruned)
    elif letter.drill:
        ways.drill(letter.drill)
    elif letter.failure:
        event: dict[str, Any] = {"time": write_time(letter.failure.scheduled_at)}
        fire = ways.plan if letter.unplanned else ways.dispatch
        fire({**event, "resources": list(letter.rules)} if letter.rules else event)


def _goes_back(letter: Letter, databases: Sequence[str]) -> bool:
    if letter.restore:
        return False
    if letter.database:
        return not databases or letter.database in databases
    return not databases and letter.failure is not None

"""Which drills are due, and which databases nobody has proven for too long: the bucket says it."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from snapper.aws.queue import JobQueue
from snapper.aws.vault import Vault
from snapper.errors import AwsFailed
from snapper.values.drill import Drill
from snapper.values.job import write_time
from snapper.values.keys import Kind
from snapper.values.options import Options
from snapper.values.proving import Proving, is_due
from snapper.values.trial import Trial
from snapper.verbs.catalog import holdings
from snapper.verbs.drill_events import named
from snapper.verbs.events import Events
from snapper.verbs.holding import Holding, newest_good
from snapper.verbs.trial import known_trial

SHUT = "its backups are sealed, and the stage has no drillIdentity by which drills open them"

# Listings are small and far away: some are read at once.
_READERS = 8


@dataclass(frozen=True)
class _Looked:
    """What a listing says of one database: what is due, and since when it is unproven for long.

    One that is `sealed` has a newest backup that only a key opens.
    """

    database: str
    sealed: bool = False
    due: Drill | None = None
    unproven_since: datetime | None = None
    failure: AwsFailed | None = None


def plan(
    vault: Vault,
    options: Mapping[str, Options],
    proving: Proving,
    queue: JobQueue,
    events: Events,
    now: datetime,
    *,
    opens: bool = False,
) -> list[Drill]:
    """Queue every drill that is due in this hour, and tell which databases are unproven for long.

    `opens` is whether drills have a key for sealed backups: without it they restore none.
    Logs `drill.planned` when all of them were looked at. Raises AwsFailed if one could not be, or
    if one drill is not queued; the others are.
    """
    look = partial(_look, vault, proving, now)
    with ThreadPoolExecutor(_READERS) as readers:
        looked = list(readers.map(look, options, options.values()))
    due = [each.due for each in looked if each.due]
    queue.send(due)
    for drill in due:
        events.emit("drill.queued", **named(drill))
    unproven = [each for each in looked if each.unproven_since]
    for each in unproven:
        if each.unproven_since:
            since = write_time(each.unproven_since)
            why = {"reason": SHUT} if each.sealed and not opens else {}
            events.emit("drill.unproven", database=each.database, since=since, **why)
    for failure in filter(None, (each.failure for each in looked)):
        raise failure
    events.emit("drill.planned", databases=len(looked), queued=len(due), unproven=len(unproven))
    return due


def order(vault: Vault, databases: Iterable[str], queue: JobQueue, now: datetime) -> list[Drill]:
    """Queue a drill of each database's newest good backup, and give them; raise AwsFailed."""
    found = ((key, newest_good(holdings(vault, key, now))) for key in databases)
    drills = [Drill(key, backup.taken_at, now) for key, backup in found if backup]
    queue.send(drills)
    return drills


def unproven_since(trial: Trial | None, found: Iterable[Holding]) -> datetime | None:
    """Say when a database was last proven; if it never was, since when it has been to be proven.

    That is since it has backups, as far as there are such.
    """
    if trial and trial.unproven_since:
        return trial.unproven_since
    return min((each.begun_at for each in found if each.is_good), default=None)


def _look(vault: Vault, stage: Proving, now: datetime, database: str, options: Options) -> _Looked:
    try:
        found = holdings(vault, database, now)
        trial = known_trial(vault, database, now)
    except AwsFailed as failure:
        return _Looked(database, failure=failure)
    proving, newest = stage.of(options), newest_good(found)
    since = unproven_since(trial, found)
    late = since if since and proving.is_unproven(since, now) else None
    due = None
    if newest:
        made_at = newest.objects[Kind.MANIFEST].changed_at
        tried_at = trial.verdict.verified_at if trial else None
        if is_due(proving, database, made_at, tried_at, now):
            due = Drill(database, newest.taken_at, now)
    sealed = bool(newest and Kind.SEALED in newest.objects)
    return _Looked(database, sealed, due, late)

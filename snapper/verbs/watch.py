"""Which databases are late, told by who looks once an hour: the bucket says it."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from snapper.aws.vault import Vault
from snapper.errors import AwsFailed
from snapper.values.health import is_late
from snapper.values.job import write_time
from snapper.values.options import Options
from snapper.values.timetable import Punctuality
from snapper.verbs.catalog import holdings
from snapper.verbs.events import Events
from snapper.verbs.holding import newest_good

HOUR = timedelta(hours=1)

# Listings are small and far away: some are read at once.
_READERS = 8


@dataclass(frozen=True)
class _Looked:
    """When the newest good backup of one database was begun, and how old it may be."""

    database: str
    allowed: timedelta
    newest_at: datetime | None = None
    failure: AwsFailed | None = None


def watch(
    vault: Vault,
    options: Mapping[str, Options],
    punctuality: Punctuality,
    known_since: datetime,
    events: Events,
    now: datetime,
) -> list[str]:
    """Tell which databases are late, and give their keys.

    Late is what `status` calls late, but nothing younger than the hour in which nobody looks. A
    database that never had a backup is late when it has been waited for so long since
    `known_since`, when a deployment last changed which databases there are.

    Logs `backup.late` for each, and `backups.watched` when all were looked at. Raises AwsFailed if
    one could not be; the others are.
    """
    watched = {key: own for key, own in options.items() if punctuality.is_watched(own)}
    look = partial(_look, vault, punctuality, now)
    with ThreadPoolExecutor(_READERS) as readers:
        looked = list(readers.map(look, watched, watched.values()))
    late = [
        each
        for each in looked
        if not each.failure and is_late(each.newest_at or known_since, each.allowed, now)
    ]
    for each in late:
        events.emit(
            "backup.late",
            database=each.database,
            newest=write_time(each.newest_at) if each.newest_at else "none",
            allowed_hours=each.allowed / HOUR,
        )
    for failure in filter(None, (each.failure for each in looked)):
        raise failure
    events.emit("backups.watched", databases=len(looked), late=len(late))
    return [each.database for each in late]


def _look(
    vault: Vault, punctuality: Punctuality, now: datetime, database: str, options: Options
) -> _Looked:
    allowed = max(punctuality.late_after(options), HOUR)
    try:
        newest = newest_good(holdings(vault, database, now))
    except AwsFailed as failure:
        return _Looked(database, allowed, failure=failure)
    return _Looked(database, allowed, newest.begun_at if newest else None)

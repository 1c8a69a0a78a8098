"""Which databases are late, told by who looks once an hour: the bucket says it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from snapper.aws.vault import Vault
from snapper.values.health import is_late
from snapper.values.job import write_time
from snapper.values.options import Options
from snapper.values.timetable import Punctuality
from snapper.verbs.events import Events
from snapper.verbs.holding import Holding, newest_good
from snapper.verbs.survey import Folder, survey

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class _Late:
    """A database, when its newest good backup was begun, and how old that may be."""

    database: str
    newest_at: datetime | None
    allowed: timedelta


def watch(
    vault: Vault,
    options: Mapping[str, Options],
    punctuality: Punctuality,
    known_since: Callable[[str], datetime],
    events: Events,
    now: datetime,
    seen: Callable[[str, Folder], None] = lambda *_: None,
) -> list[str]:
    """Tell which databases are late, and give their keys.

    Late is what `status` calls late, but nothing younger than the hour in which nobody looks. A
    database that never had a backup is late when it has been waited for so long since
    `known_since`, when it was added, or a deployment last changed which databases there are.

    What lies there of each database, watched or not, is `seen` too: nobody has to list it again.

    Logs `backup.late` for each, and `backups.watched` with their number. Raises AwsFailed if the
    vault cannot be listed.
    """
    watched = {key: own for key, own in options.items() if punctuality.is_watched(own)}

    def look(database: str, folder: Folder) -> Holding | None:
        seen(database, folder)
        return newest_good(folder.holdings)

    found = survey(vault, options, look, now)
    late = []
    for database, own in watched.items():
        newest = found[database]
        newest_at = newest.begun_at if newest else None
        allowed = max(punctuality.late_after(own), HOUR)
        if is_late(newest_at or known_since(database), allowed, now):
            late.append(_Late(database, newest_at, allowed))
    for each in late:
        events.emit(
            "backup.late",
            database=each.database,
            newest=write_time(each.newest_at) if each.newest_at else "none",
            allowed_hours=each.allowed / HOUR,
        )
    events.emit("backups.watched", databases=len(watched), late=len(late))
    return [each.database for each in late]

"""Which databases are late, told by who looks once an hour: the bucket says it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from snapper.aws.vault import Vault
from snapper.values.health import is_late
from snapper.values.late import HOUR, Late
from snapper.values.options import Options
from snapper.values.timetable import Punctuality
from snapper.verbs.events import Events
from snapper.verbs.holding import Holding, newest_good
from snapper.verbs.survey import Folder, survey
from snapper.verbs.tell_late import Told, stamp


def watch(
    vault: Vault,
    options: Mapping[str, Options],
    punctuality: Punctuality,
    known_since: Callable[[str], datetime],
    tell: Callable[[Sequence[Late], datetime], Told],
    events: Events,
    now: datetime,
    seen: Callable[[str, Folder], None] = lambda *_: None,
) -> list[str]:
    """Tell which databases are late, and give their keys.

    Late is what `status` calls late, but nothing younger than the hour in which nobody looks. A
    database that never had a backup is late when it has been waited for so long since
    `known_since`, when it was added, or a deployment last changed which databases there are.

    What lies there of each database, watched or not, is `seen` too: nobody has to list it again.

    Logs `backups.watched` with their number before anything else may fail, then has `tell` name
    them to people, and logs `backup.late` for each, with whether people know. Raises AwsFailed if
    the vault cannot be listed, and after all that if people could not be told.
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
            late.append(Late(database, newest_at, allowed))
    looked_at = stamp(now)
    events.emit("backups.watched", looked_at=looked_at, databases=len(watched), late=len(late))
    told = tell(late, now)
    for each in late:
        events.emit(
            "backup.late",
            looked_at=looked_at,
            database=each.database,
            newest=each.newest,
            allowed_hours=each.allowed_hours,
            told=each.database in told.databases,
        )
    if told.failure:
        raise told.failure
    return [each.database for each in late]

"""Carry out what retention decides for one database."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType

from snapper.aws.vault import Vault
from snapper.errors import AwsFailed, SnapperError
from snapper.values.job import write_time
from snapper.values.keys import LISTS, Kind
from snapper.values.retention import Verdict, plan
from snapper.values.secrets import Database
from snapper.verbs.bury import NoTrace, Undertaker, bury_each
from snapper.verbs.catalog import holdings
from snapper.verbs.events import Events
from snapper.verbs.holding import Holding

# The manifest goes first: from then on there is no backup that could be found without its dump.
# The dump goes last, after the mark of a late one and spent pins too.
_ORDER = (Kind.MANIFEST, *LISTS, Kind.VERIFICATION, Kind.DAMAGED)

NO_TRACE = NoTrace()
NOTHING: Mapping[datetime, datetime] = MappingProxyType({})


def prune(
    vault: Vault,
    database: Database,
    events: Events,
    just_made: datetime | None = None,
    damaged: Collection[datetime] = (),
    late: Mapping[datetime, datetime] = NOTHING,
    ahead: Collection[datetime] = (),
    now: datetime | None = None,
    zone: tzinfo = UTC,
    undertaker: Undertaker = NO_TRACE,
    *,
    locked: bool = False,
) -> list[Verdict]:
    """Delete the backups beyond the database's count or rules, and give every verdict.

    The listing shows most of what is damaged, was late or is stamped later than now. The caller may
    know more: `damaged` and `ahead` by their scheduled times, and when those that were `late` were
    begun.

    Oldest first, so that after a failure between any two deletes what is left is still the
    newest. A failed delete does not keep the others from being tried; the first one is raised.
    Before any of them each has a tombstone from the `undertaker`, or nothing is deleted; what lies
    there so that nobody can read it, and so has none, stays and keeps no other from going.

    No lock keeps anything from being deleted: S3 then hides it, and keeps it as an older version.
    With `locked` it is looked, and told, until when that cannot be deleted.
    """
    found = {holding.taken_at: holding for holding in holdings(vault, database.key, now)}
    verdicts = _plan(found, database, just_made, damaged, late, ahead, now, zone)
    told: dict[datetime, datetime | None] = {}
    doomed = {
        each.entry.taken_at: (found[each.entry.taken_at], each.reason)
        for each in reversed(verdicts)
        if not each.keep
    }
    stay = bury_each(undertaker, doomed)
    failures: list[SnapperError] = [*stay.values()]
    for at, (gone, reason) in doomed.items():
        if at in stay:
            continue
        until = locked_until(vault, gone) if locked else None
        try:
            delete(vault, gone)
        except SnapperError as error:
            failures.append(error)
            continue
        told[at] = until
        events.emit(
            "backup.pruned",
            database=database.key,
            scheduled_at=write_time(at),
            reason=reason,
            **({"locked_until": write_time(until)} if until else {}),
        )
    if failures:
        raise failures[0]
    return [replace(each, locked_until=told.get(each.entry.taken_at)) for each in verdicts]


def judge(
    vault: Vault,
    database: Database,
    damaged: Collection[datetime] = (),
    late: Mapping[datetime, datetime] = NOTHING,
    ahead: Collection[datetime] = (),
    now: datetime | None = None,
    zone: tzinfo = UTC,
) -> list[Verdict]:
    """Give every verdict, and delete nothing."""
    found = {holding.taken_at: holding for holding in holdings(vault, database.key, now)}
    return _plan(found, database, None, damaged, late, ahead, now, zone)


def _plan(
    found: dict[datetime, Holding],
    database: Database,
    just_made: datetime | None,
    damaged: Collection[datetime],
    late: Mapping[datetime, datetime],
    ahead: Collection[datetime],
    now: datetime | None,
    zone: tzinfo,
) -> list[Verdict]:
    known = [
        replace(
            each,
            damaged=each.damaged or each.taken_at in damaged,
            late_at=late.get(each.taken_at, each.late_at),
            ahead=each.ahead or each.taken_at in ahead,
        )
        for each in (holding.entry for holding in found.values())
    ]
    return plan(known, database.retention, just_made, now=now or datetime.now(UTC), zone=zone)


def locked_until(vault: Vault, holding: Holding) -> datetime | None:
    """Give until when a backup's dump cannot be deleted for good; None also where nobody says it.

    What is deleted is deleted all the same, and what cannot be told is not worth a failure.
    """
    if holding.dump is None:
        return None
    try:
        return vault.locked_until(holding.dump.key)
    except AwsFailed:
        return None


def delete(vault: Vault, holding: Holding) -> None:
    """Delete every object of one backup, in the order in which no half of it is ever believed."""
    first = [holding.objects[kind] for kind in _ORDER if kind in holding.objects]
    for stored in (*first, *holding.marks.values(), *holding.pins.values(), *holding.dumps):
        vault.delete(stored.key)

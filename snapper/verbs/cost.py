"""What each database costs in a month, by its manifests and by what lies in the bucket."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from statistics import median

from snapper.aws.parts import plan_parts
from snapper.aws.vault import Vault
from snapper.values.container import Size, size_for
from snapper.values.cost import LONGEST_FUNCTION, MONTH, Cost, Machine, Stored, Usage, cost_of
from snapper.values.deadline import RESERVE
from snapper.values.estimate import jobs_for
from snapper.values.fit import misfit, size_of_drill
from snapper.values.foreseen_count import foreseen_count
from snapper.values.growth import grown, growth
from snapper.values.keys import prefix
from snapper.values.manifest import Manifest
from snapper.values.object_lock import ObjectLock
from snapper.values.options import BATCH, UNSET, Options
from snapper.values.prices import Prices
from snapper.values.proving import EVERY_BACKUP, FREQUENCIES, OFF, Proving
from snapper.values.rules import Retention, Rules
from snapper.values.schedule import Schedule
from snapper.values.storage_class import STANDARD
from snapper.verbs.catalog import Listed, listing

QUARTER, YEAR = timedelta(days=91), timedelta(days=365)

_LAST = 10
"""Backups whose middle says how long the next one takes."""

_IN_A_FUNCTION = LONGEST_FUNCTION.total_seconds() - RESERVE

_POLLING = 5 * 3 * 60 * 24 * (MONTH / timedelta(days=1))
"""Requests of Lambda to an idle queue in a month: five at a time, each waits for 20 s.

Source: "Polling and batching streams" of Lambda's guide on SQS.
"""


@dataclass(frozen=True)
class Priced:
    """One database's month: what it uses and costs now, and what in a quarter and in a year.

    `newest` are the bytes of its newest good backup, `growth` how many more each day brings; None
    where too few backups tell it. `held` are the bytes of deleted backups that the bucket's lock
    holds once it has been there for its days; they are counted in what it costs later.
    """

    database: str
    backups: int
    usage: Usage
    cost: Cost
    newest: int
    growth: float | None
    later: Mapping[timedelta, Cost]
    later_took: Mapping[timedelta, timedelta]
    held: int = 0


def priced(
    vault: Vault,
    database: str,
    schedule: Schedule | None,
    proving: Proving | None,
    machine: Machine,
    prices: Prices,
    now: datetime,
    *,
    options: Options = UNSET,
    disk_bytes: int | None = None,
    lock: ObjectLock | None = None,
    retention: Retention | None = None,
) -> Priced:
    """Count one database's month; without a schedule it is no longer backed up, only kept.

    `disk_bytes` is what the prover has of disk, 0 where that is not known, in a stage whose drills
    go to a container where they do not fit; None in others. Where `retention` are rules, there will
    be more backups than now until each has as many as it wants.

    Raises AwsFailed.
    """
    good = [
        each
        for each in listing(vault, database, now)
        if each.manifest is not None and not each.flaw
    ]
    manifests = [each.manifest for each in good if each.manifest]
    runs = schedule.runs_a_month() if schedule else 0.0
    stored = Stored(*vault.stored(prefix(database)))
    usage = replace(
        _usage(manifests, runs, stored, options),
        in_container=options.dump_in == BATCH,
        storage_class=options.storage_class or STANDARD,
        newest=manifests[0].backup_bytes if manifests else 0,
    )
    if proving and schedule:
        usage = _with_drills(usage, good, proving, disk_bytes)
    newest = manifests[0].backup_bytes if manifests else 0
    by = growth([(each.started_at, each.backup_bytes) for each in manifests]) if schedule else None
    beyond = runs * (timedelta(days=lock.days) / MONTH) - len(good) if lock else 0
    held = round(max(beyond, 0) * newest)
    more = partial(_more, good, runs, retention, now)
    after = {
        span: _grown(usage, newest, by, span, {usage.storage_class: held}, more(span))
        for span in (QUARTER, YEAR)
    }
    return Priced(
        database,
        len(good),
        usage,
        cost_of(usage, machine, prices),
        newest,
        by,
        {span: cost_of(each, machine, prices) for span, each in after.items()},
        {span: each.took for span, each in after.items()},
        held,
    )


def shared(alarms: int, queues: int, prices: Prices, keys: int = 0) -> Mapping[str, float]:
    """Give what a stage costs however many databases it has.

    Alarms, queues that are asked, and keys that it has made.
    """
    made = {"keys": keys * prices.key} if keys else {}
    return {
        "alarms": alarms * prices.alarm,
        "polling": queues * _POLLING * prices.queue_request,
        **made,
    }


def _usage(manifests: Sequence[Manifest], runs: float, stored: Stored, options: Options) -> Usage:
    last = manifests[:_LAST]
    if not last:
        return Usage(runs, timedelta(), 0, stored)
    took = _span(median((each.finished_at - each.started_at).total_seconds() for each in last))
    parts = max(1, -(-last[0].backup_bytes // plan_parts(last[0].database_bytes).size))
    return Usage(runs, took, parts, stored, size=_size(last[0], options))


def _size(manifest: Manifest, options: Options) -> Size:
    """Give the container that dumps the next one.

    What the stage's dumpJobs is, is told by nothing but a backup that so many programs made.
    """
    asked = options.dump_jobs
    if asked is None:
        asked = manifest.jobs if manifest.jobs > 1 else 0
    return size_for(jobs_for(manifest.database_bytes, asked))


def _with_drills(
    usage: Usage, good: Sequence[Listed], proving: Proving, disk_bytes: int | None
) -> Usage:
    """Add how often it is restored for the proof, where, and how long the last time took."""
    verdicts = (each.verification for each in good if each.verification)
    restored = next((each.restored for each in verdicts if each.restored), None)
    if proving.frequency == OFF or restored is None:
        return usage
    often = MONTH / FREQUENCIES[proving.frequency]
    if proving.frequency == EVERY_BACKUP:
        often = usage.runs
    proven = replace(usage, drills=min(often, usage.runs), drill_took=_span(restored.seconds))
    newest = good[0].manifest
    if newest is None:
        return proven
    goes = disk_bytes is not None and bool(misfit(newest, disk_bytes, _IN_A_FUNCTION))
    return replace(proven, drilled_in_container=goes, drill_size=size_of_drill(newest))


def _span(seconds: float) -> timedelta:
    """Give how long something takes, at most a month: whoever writes a record may say anything."""
    return timedelta(seconds=min(max(seconds, 0.0), MONTH.total_seconds()))


def _grown(
    usage: Usage,
    newest: int,
    by: float | None,
    after: timedelta,
    held: Mapping[str, int],
    more: int,
) -> Usage:
    """Give what it uses when its backups have grown: time, parts and storage grow alike.

    Of what was deleted there is then as much as the bucket's lock holds, at least, and so many more
    backups as rules come to keep.
    """
    if not newest:
        return usage
    times = grown(newest, by, after) / newest
    current = Counter(usage.stored.current)
    current[max(current, key=lambda kind: current[kind], default="STANDARD")] += more * newest
    deleted = max(usage.stored.noncurrent, held, key=lambda sizes: sum(sizes.values()))
    return replace(
        usage,
        took=_span(usage.took.total_seconds() * times),
        drill_took=_span(usage.drill_took.total_seconds() * times),
        parts=max(1, round(usage.parts * times)),
        newest=round(usage.newest * times),
        stored=Stored(_times(current, times), _times(deleted, times)),
    )


def _more(
    good: Sequence[Listed], runs: float, keep: Retention | None, now: datetime, after: timedelta
) -> int:
    """Give how many more backups rules keep then; a count is full soon, and stays so."""
    if not isinstance(keep, Rules) or not runs or not good:
        return 0
    counted = [each for each in good if not each.pins]
    history = now - min(each.begun_at for each in good)
    whole = timedelta(days=(history + after).days)
    return max(foreseen_count(keep, MONTH / runs, whole) - len(counted), 0)


def _times(sizes: Mapping[str, int], times: float) -> Mapping[str, int]:
    return {kind: round(size * times) for kind, size in sizes.items()}

"""Whether the newest backups are in the second bucket: its listing is held against the vault's.

S3 tells nobody that it could not copy something unless that is paid for, nor that its rule is gone.
So it is looked whether what should have come has come: of each database the newest good backup that
has lain in the vault for `ALLOWED`. One call each, however much lies in the second bucket.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from snapper.aws.vault import Vault
from snapper.errors import AwsDenied, AwsFailed
from snapper.values.behind import Behind
from snapper.values.finding import Finding, failure, ok, warning
from snapper.values.keys import Kind, prefix, stamp
from snapper.values.replica import ALLOWED
from snapper.verbs.catalog import Listed
from snapper.verbs.events import Events
from snapper.verbs.holding import Holding
from snapper.verbs.tell_late import Told
from snapper.verbs.tell_late import stamp as look_stamp

SUBJECT = "replica"
WATCHED, BEHIND = "replica.watched", "replica.behind"

_ASKERS = 8
_VERDICTS = (Kind.VERIFICATION, Kind.DAMAGED)


@dataclass(frozen=True)
class Due:
    """A backup that should have been copied: its objects, and their sizes where they are known."""

    database: str
    taken_at: datetime
    begun_at: datetime
    sizes: Mapping[str, int | None]


def due(holdings: Iterable[Holding], now: datetime) -> Due | None:
    """Give the newest good backup that has lain there long enough; they come newest first."""
    for each in holdings:
        manifest = each.objects.get(Kind.MANIFEST)
        if manifest and each.is_good and manifest.changed_at <= now - ALLOWED:
            stored = [one for kind, one in each.objects.items() if kind not in _VERDICTS]
            sizes = {one.key: one.size for one in stored}
            return Due(each.database, each.taken_at, each.begun_at, sizes)
    return None


def due_of(database: str, good: Iterable[Listed], now: datetime) -> Due | None:
    """Give the same by the manifests of good backups, newest first."""
    for each in good:
        made = each.manifest
        if made and made.finished_at <= now - ALLOWED:
            sizes = {made.dump_key: made.backup_bytes, made.key: None}
            return Due(database, each.taken_at, each.begun_at, sizes)
    return None


def behind(replica: Vault, expected: Iterable[Due]) -> list[Behind]:
    """Tell of each that is not there as it should; raises AwsFailed if nobody can list there."""
    with ThreadPoolExecutor(_ASKERS) as askers:
        found = askers.map(lambda each: _look(replica, each), expected)
        return [each for each in found if each]


def _look(replica: Vault, due: Due) -> Behind | None:
    there = replica.list(f"{prefix(due.database)}{stamp(due.taken_at)}")
    sizes = {stored.key: stored.size for stored in there}
    for key, size in due.sizes.items():
        if key not in sizes:
            return Behind(due.database, due.begun_at, f"{replica.bucket} has no {key}")
        if size is not None and sizes[key] != size:
            wrong = f"{key} has {sizes[key]:,} bytes in {replica.bucket}, and {size:,} in the vault"
            return Behind(due.database, due.begun_at, wrong)
    return None


def watch_copies(
    replica: Vault,
    expected: Sequence[Due],
    tell: Callable[[Sequence[Behind], datetime], Told],
    events: Events,
    now: datetime,
) -> list[str]:
    """Tell of which databases the newest backup was not copied, and give their keys.

    Logs `replica.watched` with their number, then has `tell` name them to people, and logs
    `replica.behind` for each, with whether people know. Raises AwsFailed if the second bucket
    cannot be listed, and after all that if people could not be told.
    """
    found = behind(replica, expected)
    looked_at = look_stamp(now)
    events.emit(WATCHED, looked_at=looked_at, databases=len(expected), behind=len(found))
    told = tell(found, now)
    for each in found:
        events.emit(
            BEHIND,
            looked_at=looked_at,
            database=each.database,
            reason=each.words,
            told=each.database in told.databases,
        )
    if told.failure:
        raise told.failure
    return [each.database for each in found]


def examine_copies(replica: Vault | None, expected: Sequence[Due]) -> Sequence[Finding]:
    """Give a finding for each database that is behind, or one for all; none without a replica."""
    if replica is None:
        return ()
    try:
        found = behind(replica, expected)
    except AwsDenied as denied:
        return (warning(SUBJECT, f"it is not known what is copied: {denied}", denied.hint),)
    except AwsFailed as failed:
        return (failure(SUBJECT, f"the second bucket cannot be listed: {failed}", failed.hint),)
    if not found:
        return (ok(SUBJECT, f"the newest backups are copied into {replica.bucket}"),)
    fix = "docs/kept.md says what to look at, and how to have it copied later"
    return [failure(SUBJECT, f"{each.database}: {each.words}", fix) for each in found]

"""Which backups stay and which go: decided purely, with reasons, carried out elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from snapper.values.clock import AHEAD, is_ahead
from snapper.values.container import LONGEST
from snapper.values.keys import DUMPS, Kind
from snapper.values.pin import said_until
from snapper.values.rules import Retention, Rules
from snapper.values.tally import Tally

SMALLEST_DUMP = 20
"""Bytes of a gzip of nothing at all: header 10, an empty block 2, trailer 8. No dump has fewer."""


@dataclass(frozen=True)
class Entry:
    """What lies in the vault for one database at one scheduled time.

    `late_at` is when it was begun, if that was so long after its time that it matters. It is
    `ahead` if it bears a time at which nobody can have made it yet. `stored_at` is when the newest
    of it was stored, `pinned` until when somebody wants it kept.
    """

    taken_at: datetime
    kinds: frozenset[Kind]
    damaged: bool = False
    late_at: datetime | None = None
    ahead: bool = False
    stored_at: datetime | None = None
    pinned: datetime | None = None

    @property
    def begun_at(self) -> datetime:
        """The one time by which backups are ordered; see `Manifest.begun_at`."""
        return max(self.taken_at, self.late_at or self.taken_at)

    @property
    def complete(self) -> bool:
        """Whether this is a backup: its dump and its manifest are both there."""
        return Kind.MANIFEST in self.kinds and not self.kinds.isdisjoint(DUMPS)

    @property
    def flaw(self) -> str:
        """Why this does not count, or nothing if it does."""
        if self.ahead:
            return AHEAD
        if not self.complete:
            return "its dump is gone" if Kind.MANIFEST in self.kinds else "unfinished"
        return "damaged" if self.damaged else ""

    def as_of(self, now: datetime) -> "Entry":
        """Give it as it counts now: a beginning still to come is not believed, nor a spent pin."""
        late_at = None if self.late_at and is_ahead(self.late_at, now) else self.late_at
        ahead = self.ahead or is_ahead(self.taken_at, now)
        pinned = self.pinned if self.pinned and self.pinned >= now else None
        return replace(self, late_at=late_at, ahead=ahead, pinned=pinned)


@dataclass(frozen=True)
class Verdict:
    """What becomes of an entry, and why.

    What has gone is hidden, and can be taken back by whoever may, at least until the bucket's lock
    on it ends, if there is one: `locked_until`.
    """

    entry: Entry
    keep: bool
    reason: str
    locked_until: datetime | None = None


def plan(
    entries: Iterable[Entry],
    keep: Retention,
    just_made: datetime | None = None,
    *,
    now: datetime,
    zone: tzinfo = UTC,
) -> list[Verdict]:
    """Judge every entry of one database, newest first: by when each was begun.

    The good backups stay that `keep` wants, a count or rules by the calendar of the zone; the
    newest is always among them. So does the one just made, whatever its time, and what is pinned,
    which counts for nothing: it pushes nothing out, and nothing pushes it out. Those that were
    begun between the same two scheduled times are one of the last: what comes late after an outage
    holds about the same state, and pushes nothing older out. A half (a dump without manifest or the
    reverse) and what is known to be damaged are never counted; they stay while they would if they
    were good: the one may still be under way, somebody may want to look at the other. So whoever
    knows of damage never deletes more for it. Nor does whoever stamps things later than `now`: they
    are not counted either, and move nothing.

    Raises ValueError for a count below 1: no setting may empty a vault.
    """
    if keep == Rules() or (isinstance(keep, int) and keep < 1):
        raise ValueError(f"a retention of {keep} would keep nothing")
    known = [entry.as_of(now) for entry in entries]
    ordered = sorted(known, key=lambda entry: (entry.begun_at, entry.taken_at), reverse=True)
    good = [entry for entry in ordered if not entry.flaw]
    counted = [(entry.begun_at, entry.taken_at) for entry in good if not entry.pinned]
    tally = Tally(keep, counted, good[0].begun_at if good else None, zone)
    verdicts = []
    for entry in ordered:
        one = entry.begun_at, entry.taken_at
        stays = tally.wants(one) or _may_be_at_work(entry, keep, now)
        made = entry.complete and entry.taken_at == just_made
        if entry.pinned:
            flaw = f"{entry.flaw}, " if entry.flaw else ""
            verdicts.append(Verdict(entry, True, f"{flaw}{said_until(entry.pinned)}, not counted"))
        elif entry.flaw:
            behind = _BEHIND if isinstance(keep, int) else f"beyond {keep} were it good"
            reason = f"{entry.flaw}, {'never counted' if stays or made else behind}"
            verdicts.append(Verdict(entry, stays or made, reason))
        else:
            reason = tally.count(one)
            verdicts.append(Verdict(entry, stays or made, reason if stays or not made else _MADE))
    return verdicts


_BEHIND = "older than every backup that stays"
_MADE = "just made"


def _may_be_at_work(entry: Entry, keep: Retention, now: datetime) -> bool:
    """Tell whether somebody may still be making it, where one that is newer may be enough.

    A plain count never takes one away before what is older.
    """
    recent = entry.stored_at is not None and now - entry.stored_at < LONGEST
    return isinstance(keep, Rules) and recent and not entry.complete

"""Which backups stay and which go: decided purely, with reasons, carried out elsewhere."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from snapper.values.clock import AHEAD, is_ahead
from snapper.values.keys import DUMPS, Kind

SMALLEST_DUMP = 20
"""Bytes of a gzip of nothing at all: header 10, an empty block 2, trailer 8. No dump has fewer."""


@dataclass(frozen=True)
class Entry:
    """What lies in the vault for one database at one scheduled time.

    `late_at` is when it was begun, if that was so long after its time that it matters. It is
    `ahead` if it bears a time at which nobody can have made it yet.
    """

    taken_at: datetime
    kinds: frozenset[Kind]
    damaged: bool = False
    late_at: datetime | None = None
    ahead: bool = False

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
        """Give it as it counts now: a beginning that is still to come is not believed."""
        late_at = None if self.late_at and is_ahead(self.late_at, now) else self.late_at
        return replace(self, late_at=late_at, ahead=self.ahead or is_ahead(self.taken_at, now))


@dataclass(frozen=True)
class Verdict:
    """What becomes of an entry, and why."""

    entry: Entry
    keep: bool
    reason: str


def plan(
    entries: Iterable[Entry], keep: int, just_made: datetime | None = None, *, now: datetime
) -> list[Verdict]:
    """Judge every entry of one database, newest first: by when each was begun.

    The newest `keep` good backups stay, and so does the one just made, whatever its time. Those
    that were begun between the same two scheduled times are counted as one: what comes late after
    an outage holds about the same state, and pushes nothing older out. A half (a dump without
    manifest or the reverse) and what is known to be damaged are never counted; they go once they
    are older than everything that stays: the one may still be under way, somebody may want to look
    at the other. Nothing at all goes while there are fewer than `keep` good backups. So whoever
    knows of damage never deletes more for it. Nor does whoever stamps things later than `now`:
    they are not counted either, and move nothing.

    Raises ValueError for a `keep` below 1: no setting may empty a vault.
    """
    if keep < 1:
        raise ValueError(f"a retention of {keep} would keep nothing")
    known = [entry.as_of(now) for entry in entries]
    ordered = sorted(known, key=lambda entry: (entry.begun_at, entry.taken_at), reverse=True)
    due = sorted(entry.taken_at for entry in ordered if not entry.flaw)
    ranks: dict[datetime, int] = {}
    verdicts = []
    for entry in ordered:
        made = entry.complete and entry.taken_at == just_made
        stays = made or len(ranks) < keep
        if entry.flaw:
            reason = f"{entry.flaw}, {'never counted' if stays else _BEHIND}"
        else:
            # The newest scheduled time when it was begun: its own, unless it was late.
            slot = due[bisect_right(due, entry.begun_at) - 1]
            shared = slot in ranks
            rank = ranks.setdefault(slot, len(ranks) + 1)
            reason = _reason(rank, keep, shared=shared, stays=stays)
        verdicts.append(Verdict(entry, stays, reason))
    return verdicts


_BEHIND = "older than every backup that stays"


def _reason(rank: int, keep: int, *, shared: bool, stays: bool) -> str:
    if rank <= keep:
        return f"{'counted together with ' if shared else ''}number {rank} of the {keep} to keep"
    return "just made" if stays else f"number {rank}, beyond the {keep} to keep"

"""Which backups stay and which go: decided purely, with reasons, carried out elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from snapper.values.keys import Kind

SMALLEST_DUMP = 20
"""Bytes of a gzip of nothing at all: header 10, an empty block 2, trailer 8. No dump has fewer."""


@dataclass(frozen=True)
class Entry:
    """What lies in the vault for one database at one scheduled time."""

    taken_at: datetime
    kinds: frozenset[Kind]
    damaged: bool = False

    @property
    def complete(self) -> bool:
        """Whether this is a backup: its dump and its manifest are both there."""
        return {Kind.DUMP, Kind.MANIFEST} <= self.kinds

    @property
    def flaw(self) -> str:
        """Why this does not count, or nothing if it does."""
        if not self.complete:
            return "unfinished"
        return "damaged" if self.damaged else ""


@dataclass(frozen=True)
class Verdict:
    """What becomes of an entry, and why."""

    entry: Entry
    keep: bool
    reason: str


def plan(entries: Iterable[Entry], keep: int, just_made: datetime | None = None) -> list[Verdict]:
    """Judge every entry of one database, newest first.

    The newest `keep` good backups stay, and so does the one just made, whatever its time. A half
    (a dump without manifest or the reverse) and what is known to be damaged are never counted;
    they go once they are older than everything that stays: the one may still be under way,
    somebody may want to look at the other. Nothing at all goes while there are fewer than `keep`
    good backups. So whoever is told of damage never deletes more for it.

    Raises ValueError for a `keep` below 1: no setting may empty a vault.
    """
    if keep < 1:
        raise ValueError(f"a retention of {keep} would keep nothing")
    ordered = sorted(entries, key=lambda entry: entry.taken_at, reverse=True)
    good = [entry for entry in ordered if not entry.flaw]
    oldest_kept = good[keep - 1].taken_at if len(good) >= keep else None
    ranks = {entry.taken_at: rank for rank, entry in enumerate(good, 1)}

    def judge(entry: Entry) -> Verdict:
        made = entry.complete and entry.taken_at == just_made
        stays = made or oldest_kept is None or entry.taken_at >= oldest_kept
        return Verdict(entry, stays, _reason(entry, ranks.get(entry.taken_at), keep, stays=stays))

    return [judge(entry) for entry in ordered]


def _reason(entry: Entry, rank: int | None, keep: int, *, stays: bool) -> str:
    if rank is None:
        return f"{entry.flaw}, {'never counted' if stays else 'older than every backup that stays'}"
    if rank <= keep:
        return f"number {rank} of the {keep} to keep"
    return "just made" if stays else f"number {rank}, beyond the {keep} to keep"

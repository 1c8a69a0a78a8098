"""Which backups stay and which go: decided purely, with reasons, carried out elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from snapper.values.keys import Kind


@dataclass(frozen=True)
class Entry:
    """What lies in the vault for one database at one scheduled time."""

    taken_at: datetime
    kinds: frozenset[Kind]

    @property
    def complete(self) -> bool:
        """Whether this is a backup: its dump and its manifest are both there."""
        return {Kind.DUMP, Kind.MANIFEST} <= self.kinds


@dataclass(frozen=True)
class Verdict:
    """What becomes of an entry, and why."""

    entry: Entry
    keep: bool
    reason: str


def plan(entries: Iterable[Entry], keep: int, just_made: datetime | None = None) -> list[Verdict]:
    """Judge every entry of one database, newest first.

    The newest `keep` complete backups stay, and so does the one just made, whatever its time.
    A half (a dump without manifest or the reverse) is never counted; it goes once it is older
    than everything that stays, for until then its dump may still be under way. Nothing at all
    goes while there are fewer than `keep` complete backups.

    Raises ValueError for a `keep` below 1: no setting may empty a vault.
    """
    if keep < 1:
        raise ValueError(f"a retention of {keep} would keep nothing")
    ordered = sorted(entries, key=lambda entry: entry.taken_at, reverse=True)
    complete = [entry for entry in ordered if entry.complete]
    staying = complete[:keep]
    oldest_kept = staying[-1].taken_at if len(staying) == keep else None
    ranks = {entry.taken_at: rank for rank, entry in enumerate(complete, 1)}
    return [_judge(entry, ranks, keep, oldest_kept, just_made) for entry in ordered]


def _judge(
    entry: Entry,
    ranks: dict[datetime, int],
    keep: int,
    oldest_kept: datetime | None,
    just_made: datetime | None,
) -> Verdict:
    if not entry.complete:
        if oldest_kept is not None and entry.taken_at < oldest_kept:
            return Verdict(entry, False, "unfinished, older than every backup that stays")
        return Verdict(entry, True, "unfinished, never counted")
    rank = ranks[entry.taken_at]
    if rank <= keep:
        return Verdict(entry, True, f"number {rank} of the {keep} to keep")
    if entry.taken_at == just_made:
        return Verdict(entry, True, "just made")
    return Verdict(entry, False, f"number {rank}, beyond the {keep} to keep")

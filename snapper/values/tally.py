"""Counting backups from the newest on, and saying of each by which rules it stays."""

from bisect import bisect_right
from collections.abc import Hashable, Iterator, Sequence
from datetime import datetime, tzinfo

from snapper.values.rules import Retention, Rules, bucket, buckets

Begun = tuple[datetime, datetime]
"""When a backup was begun, and when it was due: so they are ordered."""


class Tally:
    """What has been counted so far, of the backups of one database.

    `counted` are all that count, newest first; `newest` is when the newest good one was begun, also
    if it is pinned and so not counted.
    """

    def __init__(
        self, keep: Retention, counted: Sequence[Begun], newest: datetime | None, zone: tzinfo
    ) -> None:
        self._rules = keep if isinstance(keep, Rules) else Rules(last=keep)
        self._plain = not isinstance(keep, Rules)
        self._zone = zone
        self._oldest = counted[-1] if counted else None
        self._due = sorted(due for _, due in counted)
        self._moments: dict[datetime, int] = {}
        self._seen: dict[str, set[Hashable]] = {name: set() for name, _ in buckets(self._rules)}
        within = self._rules.within
        self._since = within.before(newest, zone) if within and newest else None

    def wants(self, one: Begun) -> bool:
        """Tell whether this one stays, or would stay if it counted."""
        return any(True for _ in self._reasons(one))

    def count(self, one: Begun) -> str:
        """Count this one, and say by which rules it stays, or that it does by none."""
        reasons = ", ".join(self._reasons(one))
        moment = self._moment(one)
        shared = moment in self._moments
        rank = self._moments.setdefault(moment, len(self._moments) + 1)
        for name, seen in self._seen.items():
            seen.add(bucket(name, one[0], self._zone))
        if not self._plain:
            return reasons or f"beyond {self._rules}"
        most = self._rules.last
        if rank > most:
            return f"number {rank}, beyond the {most} to keep"
        return f"{'counted together with ' if shared else ''}number {rank} of the {most} to keep"

    def _reasons(self, one: Begun) -> Iterator[str]:
        last = self._rules.last
        if last and len(self._moments) < last:
            rank = self._moments.get(self._moment(one), len(self._moments) + 1)
            yield f"last {rank} of {last}"
        for name, most in buckets(self._rules):
            seen = self._seen[name]
            if len(seen) >= most:
                continue
            if bucket(name, one[0], self._zone) not in seen:
                yield f"{name} {len(seen) + 1} of {most}"
            elif self._oldest is None or one <= self._oldest:
                # As in restic: while there are fewer than are wanted, history reaches back.
                yield f"{name} {len(seen)} of {most} (the oldest)"
        if self._rules.within and (self._since is None or one[0] > self._since):
            yield f"within {self._rules.within}"

    def _moment(self, one: Begun) -> datetime:
        """Give the newest scheduled time when it was begun: its own, unless it was late."""
        found = bisect_right(self._due, one[0])
        return self._due[found - 1] if found else one[1]

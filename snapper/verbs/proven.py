"""What is known of the last proof of a database: of which backup, when, and what it showed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from snapper.values.job import write_time
from snapper.values.proving import Proving
from snapper.values.trial import Trial
from snapper.values.verification import Restored
from snapper.verbs.catalog import Listed


@dataclass(frozen=True)
class Proven:
    """The last restore for the proof that succeeded, and since when there was none.

    `proving` is what holds for this database; None where the stage has no prover.
    """

    proving: Proving | None
    taken_at: datetime | None = None
    at: datetime | None = None
    restored: Restored | None = None
    since: datetime | None = None

    def is_unproven(self, now: datetime) -> bool:
        """Tell whether the last proof is older than it may be."""
        return bool(self.proving and self.since and self.proving.is_unproven(self.since, now))

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values; what is not there is null."""
        within = self.proving.within if self.proving else None
        restored = self.restored
        return {
            "at": write_time(self.at) if self.at else None,
            "taken_at": write_time(self.taken_at) if self.taken_at else None,
            "tables": restored.tables if restored else None,
            "rows": restored.rows if restored else None,
            "seconds": restored.seconds if restored else None,
            "since": write_time(self.since) if self.since else None,
            "drill": self.proving.frequency if self.proving else None,
            "within_days": within.days if within else None,
        }


NEVER_PROVEN = Proven(None)


def last_proof(backups: Sequence[Listed], trial: Trial | None, proving: Proving | None) -> Proven:
    """Find the last proof, beside a backup or in the record of the last trial.

    A database that was never proven is unproven since it has backups, as far as they are there, or
    since a drill first found that it could not be.
    """
    known = [(each.taken_at, each.verification) for each in backups if each.verification]
    if trial:
        known.append((trial.taken_at, trial.verdict))
    proofs = [
        (verdict.proven_at, taken_at, verdict.restored)
        for taken_at, verdict in known
        if verdict.proven_at
    ]
    since = trial.unproven_since if trial else None
    if proofs:
        at, taken_at, restored = max(proofs, key=lambda proof: (proof[0], proof[1]))
        return Proven(proving, taken_at, at, restored, max(at, since or at))
    first = min((each.begun_at for each in backups if not each.flaw), default=None)
    return Proven(proving, since=since or first)

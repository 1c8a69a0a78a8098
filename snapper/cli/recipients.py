"""For whom a stage seals, and who has proven it: as list, status and doctor show it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from snapper.cli import render
from snapper.cli.stage import Stage
from snapper.errors import AwsDenied
from snapper.values.finding import Finding, Level, warning
from snapper.values.in_force import STAGE, InForce, examine, in_force, named, sets
from snapper.values.job import write_time
from snapper.values.options import Options
from snapper.values.proven_recipient import ProvenRecipient


@dataclass(frozen=True)
class Recipients:
    """The recipients in force: by whose they are, and each with its last proof.

    `within` is how old a proof may be; None where the stage wants to hear of none. `denied` says
    why no proof could be read.
    """

    stage: str
    sets: Mapping[str, Sequence[str]]
    in_force: Sequence[InForce]
    within: timedelta | None
    denied: AwsDenied | None = None

    @classmethod
    def of(cls, opened: Stage, options: Mapping[str, Options]) -> Self:
        """Read those of a stage and of its databases; where nothing is sealed nothing is asked."""
        own = {key: each.recipients for key, each in options.items()}
        found = sets(opened.service.sealed_for, own)
        proofs: Mapping[str, ProvenRecipient] = {}
        refused = None
        try:
            proofs = opened.proven_recipients.read() if found else {}
        except AwsDenied as denied:
            refused = denied
        within = opened.service.recipients_proven_within
        return cls(opened.name, found, in_force(found, proofs), within, refused)

    def findings(self, now: datetime) -> Iterator[Finding]:
        """Judge them."""
        if not self.denied:
            yield from examine(self.sets, self.in_force, self.within, now, self.stage)
            return
        yield warning(
            "recipients",
            f"whether the recipients are proven is not known: {self.denied}",
            self.denied.hint,
        )

    def told(self, now: datetime) -> Iterator[str]:
        """Give a line for each doubt."""
        for each in self.findings(now):
            if each.level is not Level.OK:
                yield render.with_fixes(each.fact, each.fix)

    def row(self, each: InForce, now: datetime) -> tuple[str, ...]:
        """Give the cells of one."""
        if each.proof is None:
            return each.recipient.short, named(each.of), "?" if self.denied else "never", ""
        old = ", too long" if self.within and each.is_unproven(self.within, now) else ""
        ago = f"{render.age(now - each.proof.proven_at)} ago{old}"
        return each.recipient.short, named(each.of), ago, each.proof.by

    def to_dicts(self, now: datetime) -> list[dict[str, Any]]:
        """Give them as JSON values."""
        return [
            {
                "recipient": each.recipient.text,
                "short": each.recipient.short,
                "stage": STAGE in each.of,
                "databases": [key for key in each.of if key],
                "proven_at": write_time(each.proof.proven_at) if each.proof else None,
                "proven_by": each.proof.by if each.proof else None,
                "unproven": bool(self.within) and each.is_unproven(self.within, now),
            }
            for each in self.in_force
        ]

"""What came of the drill that the deployed prover did."""

from dataclasses import asdict, dataclass
from typing import Any

from snapper.verbs.follow_drill import Proof


@dataclass(frozen=True)
class Drilled:
    """The drill of one database: a proof, or the reason why there is none."""

    database: str
    proof: Proof | None
    reason: str = ""

    @property
    def words(self) -> str:
        """Say it in a line."""
        if not self.proof:
            return self.reason
        proof = self.proof
        but = f" but for {proof.lacking}" if proof.lacking else ""
        return (
            f"{self.database} proven{but}: {proof.tables} tables, {proof.rows:,} rows, restored in "
            f"{proof.seconds:.1f} s"
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the promised fields of `--json`."""
        proof = asdict(self.proof) if self.proof else dict.fromkeys(("tables", "rows", "seconds"))
        return {
            "database": self.database,
            "proven": self.proof is not None,
            **{name: proof[name] for name in ("tables", "rows", "seconds")},
            "reason": self.reason or None,
        }

"""What the demo found out, as values: per database its backups, what was pruned, and the proof."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.demo.compare import Comparison
from local.demo.drilled import Drilled
from local.demo.fault import Fault
from snapper.values.manifest import Manifest


@dataclass(frozen=True)
class DatabaseReport:
    """One database: `backups` newest first as they lie in the vault, `pruned` oldest first.

    Of its `runs` so many `made` their backup. `missing` is what a restore needs and no server at
    hand has. `in_container` holds the objects that containers of AWS Batch have made, and why.
    """

    key: str
    backups: tuple[Manifest, ...] = ()
    pruned: tuple[str, ...] = ()
    exported: tuple[str, ...] = ()
    comparison: Comparison | None = None
    notes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    missing: str = ""
    runs: int = 0
    made: int = 0
    in_container: Mapping[str, str] = field(default_factory=dict)

    @property
    def restored(self) -> bool:
        """Whether the newest backup was restored without an error."""
        return self.comparison is not None

    @property
    def identical(self) -> bool:
        """Whether the restored database is the source's equal in everything compared."""
        return self.comparison is not None and self.comparison.identical

    @property
    def good(self) -> bool:
        """Whether every run made its backup and the newest one proved to be identical."""
        return self.identical and not self.faults

    @property
    def steps(self) -> str:
        """Say how far it went: what the service did for it, and whether that could be proven."""
        done = [
            "deployed and scheduled: yes",
            f"dumped: {self.made} of {self.runs} runs",
            f"stored: {len(self.backups)} kept",
            f"pruned: {len(self.pruned)}",
        ]
        if self.backups:
            done.append(f"restored here: {'yes' if self.restored else 'no'}")
        if self.restored:
            done.append(f"identical: {self._identical}")
        return "; ".join(done)

    @property
    def handed_over(self) -> tuple[str, ...]:
        """Say why its jobs were handed over to containers, if they were."""
        whys = dict.fromkeys(self.in_container.values())
        return tuple(f"handed over to a container of AWS Batch: {why}" for why in whys)

    def made_in(self, backup: Manifest) -> str:
        """Say whether a function or a container has made a backup."""
        return "container" if backup.dump_key in self.in_container else "function"

    @property
    def _identical(self) -> str:
        if self.comparison and self.comparison.differences:
            return "no"
        return "yes" if self.identical else "as far as it could be compared"

    def to_dict(self) -> dict[str, Any]:
        """Give the promised fields of `--json`."""
        newest = self.backups[0] if self.backups else None
        return {
            "key": self.key,
            "server_version": newest.server_version if newest else None,
            "backups": [
                {
                    "object": backup.dump_key,
                    "manifest": backup.key,
                    "scheduled_at": backup.to_dict()["scheduled_at"],
                    "bytes": backup.backup_bytes,
                    "dump_bytes": backup.dump_bytes,
                    "sha256": backup.sha256,
                    "made_in": self.made_in(backup),
                }
                for backup in self.backups
            ],
            "pruned": list(self.pruned),
            "exported": list(self.exported),
            "runs": self.runs,
            "made": self.made,
            "restored": self.restored,
            "identical": self.identical,
            "missing": self.missing or None,
            "tables": self.comparison.tables if self.comparison else None,
            "rows": self.comparison.rows if self.comparison else None,
            "differences": list(self.comparison.differences) if self.comparison else [],
            "notes": list(self.notes),
            "errors": [{"fact": fault.fact, "hint": fault.hint} for fault in self.faults],
        }


@dataclass(frozen=True)
class DemoReport:
    """The whole demo; `outputs` are the deployed program's, the `drill` is the prover's."""

    databases: tuple[DatabaseReport, ...]
    resources: int
    outputs: Mapping[str, str]
    seconds: float
    drill: Drilled | None = None

    @property
    def good(self) -> bool:
        """Whether all of it went as a backup service must."""
        return all(database.good for database in self.databases)

    def to_dict(self) -> dict[str, Any]:
        """Give the one document of `--json`."""
        return {
            "good": self.good,
            "seconds": round(self.seconds, 1),
            "resources": self.resources,
            "drill": self.drill.to_dict() if self.drill else None,
            "databases": [database.to_dict() for database in self.databases],
        }

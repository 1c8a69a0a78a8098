"""One database's part of the demo's story: what became of its runs, its backups and the proof."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local.demo.export import export
from local.demo.fault import Fault
from local.demo.pipeline import Pipeline
from local.demo.proof import Proof, ProofServers, prove
from local.demo.report import DatabaseReport
from local.demo.writes import meanwhile, transactions
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.recorded import major_of
from snapper.engines.postgresql.trying.lacking import Lacking
from snapper.values.manifest import Manifest
from snapper.values.program import PROGRAM
from snapper.values.secrets import Database
from snapper.verbs.catalog import backups, read_manifest
from snapper.verbs.restore import read_back


@dataclass
class Chapter:
    """Collects what happens to one database; its failures never become another one's."""

    database: Database
    is_sample: bool
    pipeline: Pipeline
    tools: ClientTools
    proofs: ProofServers
    made: int = 0
    faults: list[Fault] = field(default_factory=list)
    manifests: tuple[Manifest, ...] = ()
    exported: tuple[str, ...] = ()
    proof: Proof | None = None
    explanation: tuple[str, ...] = ()
    missing: str = ""
    runs: int = 0
    _begun: str = ""
    _before: str = ""

    def begin(self) -> None:
        """Note that a run begins, and what had been written before."""
        self.runs += 1
        self._begun = transactions(self.database.connection)

    def heard(self, fault: Fault | None) -> None:
        """Note how a run ended; the same reason is kept once."""
        if fault is None:
            self.made += 1
            self._before = self._begun
        elif fault not in self.faults:
            self.faults.append(fault)

    def close(self, folder: Path | None) -> None:
        """Read what is in the vault, copy it out if asked to, and prove the newest backup."""
        key, vault = self.database.key, self.pipeline.vault
        with self._noting_faults():
            self.manifests = tuple(read_manifest(vault, holding) for holding in backups(vault, key))
        if folder:
            with self._noting_faults():
                self.exported = export(vault, self.manifests, folder)
        if self.manifests:
            with self._noting_faults():
                self._prove(self.manifests[0])
        if self.proof and self.proof.comparison.differences:
            now = transactions(self.database.connection)
            self.explanation = meanwhile(self._before, now)

    def _prove(self, newest: Manifest) -> None:
        source, vault = self.database.connection, self.pipeline.vault
        try:
            self.proof = prove(source, newest, vault, self.tools, self.proofs)
        except Lacking as lacking:
            for _ in read_back(vault, newest):
                pass  # read to its end, it has been held against its manifest
            self.missing = lacking.missing
            self.heard(
                Fault(
                    "the backup is sound, but cannot be restored here: "
                    f"{lacking.missing} is missing in the throw-away PostgreSQL",
                    f"install a PostgreSQL {major_of(newest)} or newer that has it, which is "
                    "then used; or prove the backup on a server of your own while the demo runs "
                    f"with --keep: {PROGRAM} verify {newest.database} --restore --on CONNECTION",
                )
            )

    def report(self, retention: int) -> DatabaseReport:
        """Give it as a value, held against what retention promises."""
        faults = list(self.faults)
        kept = min(self.made, retention)
        if len(self.manifests) != kept:
            faults.append(Fault(f"{len(self.manifests)} backups are kept, {kept} should be"))
        if self.proof:
            faults += self.proof.comparison.unread
        return DatabaseReport(
            key=self.database.key,
            backups=self.manifests,
            pruned=self.pipeline.pruned(self.database.key),
            in_container=self.pipeline.handed_over(self.database.key),
            exported=self.exported,
            runs=self.runs,
            made=self.made,
            comparison=self.proof.comparison if self.proof else None,
            missing=self.missing,
            notes=(*(self.proof.notes if self.proof else ()), *self.explanation),
            faults=tuple(faults),
        )

    def reachable(self) -> Iterator[tuple[str, str]]:
        """Give name and connection of the databases that the demo itself made."""
        if self.is_sample:
            yield self.database.key, self.database.connection
        if self.proof:
            yield f"{self.database.key}_restored", self.proof.target

    @contextmanager
    def _noting_faults(self) -> Iterator[None]:
        """Turn what goes wrong into a fault of this database, with its secrets masked."""
        try:
            yield
        except Exception as error:
            self.heard(Fault.of(error, redactor(self.database.connection)))

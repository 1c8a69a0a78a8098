"""`snapper verify`: backups read back, and restored for the proof."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import typer

from bin.pg_dump.layer import client_root
from local.postgres.trial import try_restore
from snapper.cli import render
from snapper.cli.backup_options import LATEST, AtOption, read_at
from snapper.cli.outcome import Outcome
from snapper.cli.stage import JsonOption, ProfileOption, RegionOption, Stage, StageOption
from snapper.cli.transfer import BUILDING, transfer
from snapper.edges.client_tools import ClientTools
from snapper.errors import (
    BackupDamaged,
    BackupNotFound,
    DatabaseUnreachable,
    DatabaseUnsupported,
    RestoreFailed,
    SnapperError,
)
from snapper.values.manifest import Manifest
from snapper.values.verification import Restored, Verification
from snapper.verbs.catalog import newest, read_manifest
from snapper.verbs.verify import prove, record, verify

_WORST_FIRST = tuple(
    kind.exit_code
    for kind in (
        BackupDamaged,
        RestoreFailed,
        DatabaseUnreachable,
        DatabaseUnsupported,
        BackupNotFound,
    )
)


def verify_backups(
    context: typer.Context,
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY]...", help="Databases; all if not named.")
    ] = None,
    at: AtOption = LATEST,
    restore: Annotated[
        bool, typer.Option("--restore", help="Restore it too, into a throw-away PostgreSQL here.")
    ] = False,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Read backups back whole: size, SHA-256, gzip, and the dump's own end marker.

    --restore restores each of them too, into a PostgreSQL of its own major that is started here for
    it and thrown away. The verdict is recorded beside the backup, where list and status show it;
    retention counts no damaged one.
    Exits 4 if a backup is damaged, 3 if there is none, 9 if one could not be restored here.
    """
    outcome: Outcome = context.obj
    limit = read_at(at)
    opened = Stage.open(stage, profile, region)
    found = [
        _verify(opened, database, limit, restore=restore)
        for database in opened.databases(*keys or ())
    ]
    outcome.code = next((code for code in _WORST_FIRST if code in {each.code for each in found}), 0)
    if json:
        render.document({"stage": stage, "backups": [each.to_dict() for each in found]})
        outcome.answered = True
        return
    render.table(
        ("backup", "stored", "tables", "rows", "restored in", "verdict"),
        [each.row() for each in found],
        ("stored", "tables", "restored in", "rows"),
    )


@dataclass(frozen=True)
class _Found:
    """What came of one database: a backup, a verdict on it, what kept it from being judged."""

    database: str
    manifest: Manifest | None = None
    verdict: Verification | None = None
    error: SnapperError | None = None

    @property
    def code(self) -> int:
        if self.error:
            return self.error.exit_code
        return 0 if self.verdict and self.verdict.sound else BackupDamaged.exit_code

    def row(self) -> tuple[str, ...]:
        restored = self.verdict.restored if self.verdict else None
        return (
            self.manifest.dump_key if self.manifest else self.database,
            render.size(self.manifest.backup_bytes) if self.manifest else "",
            str(restored.tables) if restored else "",
            f"{restored.rows:,}" if restored else "",
            f"{restored.seconds:.1f} s" if restored else "",
            self._words(),
        )

    def _words(self) -> str:
        if self.verdict is None:
            return str(self.error)
        if not self.verdict.sound:
            return f"DAMAGED: {self.verdict.reason}"
        return f"sound, but NOT RESTORED: {self.error}" if self.error else "sound"

    def to_dict(self) -> dict[str, Any]:
        return {
            "database": self.database,
            "manifest": self.manifest.to_told() if self.manifest else None,
            "verification": self.verdict.to_dict() if self.verdict else None,
            "error": {"fact": str(self.error), "hint": self.error.hint} if self.error else None,
        }


def _verify(stage: Stage, database: str, at: datetime | None, *, restore: bool) -> _Found:
    """Judge one backup and record the verdict; nothing that is wrong with it stops the others."""
    now = datetime.now(UTC)
    try:
        holding = newest(stage.vault, database, at)
    except BackupNotFound as missing:
        return _Found(database, error=missing)
    try:
        manifest = read_manifest(stage.vault, holding)
    except BackupDamaged as damage:
        verdict = Verification(now, "", sound=False, reason=str(damage))
        record(stage.vault, database, holding.taken_at, verdict)
        return _Found(database, None, verdict)
    with transfer(f"reading {manifest.dump_key}", manifest.backup_bytes) as progress:
        verdict = verify(stage.vault, manifest, now, progress)
    error = None
    if restore and verdict.sound:
        try:
            verdict = prove(verdict, partial(_restore, stage, manifest))
        except (RestoreFailed, DatabaseUnreachable, DatabaseUnsupported) as failed:
            error = failed
    record(stage.vault, database, holding.taken_at, verdict)
    return _Found(database, manifest, verdict, error)


def _restore(stage: Stage, manifest: Manifest) -> Restored:
    what = f"restoring it into a throw-away PostgreSQL {manifest.server_major}"
    with transfer(what, manifest.backup_bytes, BUILDING) as progress:
        return try_restore(stage.vault, manifest, ClientTools(client_root()), progress)

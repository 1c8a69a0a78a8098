"""`snapper verify`: backups read back, and restored for the proof."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bin.pg_dump.layer import client_root
from local.trial import try_restore
from snapper.cli import render
from snapper.cli.backup_options import LATEST, AtOption, read_at
from snapper.cli.outcome import Outcome
from snapper.cli.stage import JsonOption, ProfileOption, RegionOption, Stage, StageOption
from snapper.cli.transfer import transfer
from snapper.edges.client_tools import ClientTools
from snapper.errors import BackupDamaged
from snapper.values.manifest import Manifest
from snapper.values.verification import Verification
from snapper.verbs.catalog import find
from snapper.verbs.verify import record, verify


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

    The verdict is recorded beside the backup, where list and status show it. Exits 4 if one is
    damaged.
    """
    outcome: Outcome = context.obj
    opened = Stage.open(stage, profile, region)
    verdicts = [
        _verify(opened, database, read_at(at), restore=restore)
        for database in (keys or opened.databases())
    ]
    if any(not verdict.sound for _, _, verdict in verdicts):
        outcome.code = BackupDamaged.exit_code
    if json:
        render.document({"stage": stage, "backups": [_to_dict(*each) for each in verdicts]})
        outcome.answered = True
        return
    render.table(
        ("backup", "stored", "verdict", "tables", "rows", "restored in"),
        [_row(*each) for each in verdicts],
    )


def _verify(
    stage: Stage, database: str, at: datetime | None, *, restore: bool
) -> tuple[str, Manifest | None, Verification]:
    """Judge one backup and record the verdict; a damaged manifest is a verdict too."""
    now = datetime.now(UTC)
    try:
        manifest = find(stage.vault, database, at)
    except BackupDamaged as damage:
        return database, None, Verification(now, "", sound=False, reason=str(damage))
    with transfer(f"reading {manifest.dump_key}", manifest.backup_bytes) as progress:
        trial = (lambda: try_restore(stage.vault, manifest, _tools())) if restore else None
        verdict = verify(stage.vault, manifest, now, progress, trial)
    record(stage.vault, manifest, verdict)
    return database, manifest, verdict


def _tools() -> ClientTools:
    return ClientTools(client_root())


def _row(database: str, manifest: Manifest | None, verdict: Verification) -> tuple[str, ...]:
    restored = verdict.restored
    return (
        manifest.dump_key if manifest else database,
        render.size(manifest.backup_bytes) if manifest else "",
        "sound" if verdict.sound else f"DAMAGED: {verdict.reason}",
        str(restored.tables) if restored else "",
        f"{restored.rows:,}" if restored else "",
        f"{restored.seconds:.1f} s" if restored else "",
    )


def _to_dict(database: str, manifest: Manifest | None, verdict: Verification) -> dict[str, Any]:
    return {
        "database": database,
        "manifest": manifest.to_dict() if manifest else None,
        "verification": verdict.to_dict(),
    }

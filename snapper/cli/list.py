"""`snapper list`: the backups there are, newest first."""

from datetime import UTC, datetime
from typing import Any

from snapper.cli import render
from snapper.cli.options import JsonOption, KeysArgument, ProfileOption, RegionOption, StageOption
from snapper.cli.stage import Stage
from snapper.values.job import write_time
from snapper.values.manifest import Manifest
from snapper.verbs.catalog import Listed, listing, to_public

_HEADERS = ("database", "taken at", "age", "size", "stored", "server", "took", "verified")
_SPARE = ("took", "server", "size", "age", "stored")


def list_backups(
    keys: KeysArgument = None,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Show the complete backups, newest first.

    `taken at` is the time the backup was scheduled for, in UTC; `size` is the plain dump, `stored`
    the compressed object. Databases that are backed up no more are listed as long as backups of
    them are there. What is unfinished is no backup, and not listed; one whose manifest and object
    disagree is DAMAGED.
    """
    opened = Stage.open(stage, profile, region)
    found = {
        database: listing(opened.vault, database) for database in opened.databases(*keys or ())
    }
    if json:
        render.document(
            {
                "stage": stage,
                "databases": {
                    database: [to_dict(each) for each in backups]
                    for database, backups in found.items()
                },
            }
        )
        return
    now = datetime.now(UTC)
    rows = [_row(database, each, now) for database, backups in found.items() for each in backups]
    if rows:
        render.table(_HEADERS, rows, _SPARE)
    else:
        bucket = opened.service.bucket
        render.remark(
            f"there are no backups of {render.either(keys)} in stage {stage}, bucket {bucket}"
        )


def to_dict(listed: Listed) -> dict[str, Any]:
    """Give one backup as JSON values; what is not there is null."""
    return {
        "taken_at": write_time(listed.taken_at),
        "manifest": to_public(listed.manifest) if listed.manifest else None,
        "verification": listed.verification.to_dict() if listed.verification else None,
        "fault": listed.fault or None,
    }


def verdict(listed: Listed) -> str:
    """Say in a word or two what is known of a backup's soundness."""
    if listed.damage:
        return f"DAMAGED: {listed.damage}"
    if listed.verification is None:
        return "no"
    how = "restored" if listed.verification.restored else "read"
    return f"{how} {listed.verification.verified_at:%Y-%m-%d}"


def _row(database: str, listed: Listed, now: datetime) -> tuple[str, ...]:
    manifest = listed.manifest
    return (
        database,
        write_time(listed.taken_at),
        render.age(now - listed.taken_at),
        render.size(manifest.dump_bytes) if manifest else "",
        render.size(manifest.backup_bytes) if manifest else "",
        manifest.server_version if manifest else "",
        render.seconds(manifest.finished_at - manifest.started_at) if manifest else "",
        f"{verdict(listed)}{_begun(manifest)}",
    )


def _begun(manifest: Manifest | None) -> str:
    """Say when a backup was begun, if that was long after the time that it is named after."""
    return f", begun {write_time(manifest.started_at)}" if manifest and manifest.late else ""

"""`snapper prune`: what retention keeps and deletes, and why."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from snapper.cli import render
from snapper.cli.options import JsonOption, KeysArgument, ProfileOption, RegionOption, StageOption
from snapper.cli.stage import Stage
from snapper.cli.tombstones import asked_of
from snapper.errors import SettingsError
from snapper.values.job import write_time
from snapper.values.retention import Verdict
from snapper.values.rules import Retention
from snapper.values.secrets import Database
from snapper.verbs.catalog import listing
from snapper.verbs.events import Silence
from snapper.verbs.orphans import require_orphan, require_something, sweep
from snapper.verbs.prune import judge, prune
from snapper.verbs.run import chosen


def prune_backups(
    keys: KeysArgument = None,
    orphan: Annotated[
        str,
        typer.Option(
            "--orphan", metavar="KEY", help="Delete the backups of a database the stage lost."
        ),
    ] = "",
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep", metavar="COUNT", min=0, help="With --orphan: keep so many. Default: none."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be deleted, and delete nothing.")
    ] = False,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Delete what each database does not keep, by its count or its rules; show all reasons.

    The pruner does the same after every backup; this is for a count that you have lowered. What
    list calls DAMAGED is not counted, and is deleted once it is older than every backup that stays,
    or by rules once it would go if it were good. What is pinned (keep) stays.

    With objectLock nothing is deleted for good before its lock ends: it is said until when what was
    deleted is still there.

    A key that left the secrets keeps its backups. --orphan KEY deletes them all, or with --keep
    COUNT all but the newest. It refuses a database that the stage has.
    """
    if orphan and keys:
        raise SettingsError("--orphan takes its own KEY, and no other beside it")
    if keep is not None and not orphan:
        raise SettingsError(
            "--keep is for --orphan", hint="the secrets say how many backups a database keeps"
        )
    opened, now = Stage.open(stage, profile, region), datetime.now(UTC)
    if orphan:
        found = {orphan: _of_orphan(opened, orphan, keep, now, dry_run=dry_run)}
    else:
        found = {
            key: _pruned(opened, key, opened.parameters.retention(key), now, dry_run=dry_run)
            for key in chosen(keys or (), opened.parameters)
        }
    if json:
        render.document({"stage": stage, "dry_run": dry_run, "databases": _to_dict(found)})
        return
    if not any(found.values()):
        of = render.either([orphan] if orphan else keys)
        render.remark(f"there are no backups of {of} in stage {stage}")
        return
    gone = "would be deleted" if dry_run else "deleted"
    render.table(
        ("database", "taken at", "verdict", "reason"),
        [
            (
                database,
                write_time(each.entry.begun_at),
                "stays" if each.keep else _gone(each, gone),
                each.reason,
            )
            for database, verdicts in found.items()
            for each in verdicts
        ],
    )


def _gone(verdict: Verdict, gone: str) -> str:
    """Say what has become of it, and until when nobody can delete it for good."""
    until = verdict.locked_until
    return f"{gone}, locked until {write_time(until)}" if until else gone


def _of_orphan(
    stage: Stage, key: str, keep: int | None, now: datetime, *, dry_run: bool
) -> list[Verdict]:
    require_orphan(key, stage.parameters.database_keys())
    require_something(stage.vault, key)
    if keep:
        return _pruned(stage, key, keep, now, dry_run=dry_run)
    locked, undertaker = bool(stage.service.lock), asked_of(stage)
    return sweep(stage.vault, key, dry_run=dry_run, locked=locked, undertaker=undertaker)


def _pruned(
    stage: Stage, key: str, keep: Retention, now: datetime, *, dry_run: bool
) -> list[Verdict]:
    kept, listed = Database(key, "", keep), listing(stage.vault, key, now)
    damaged = {each.taken_at for each in listed if each.damage}
    late = {each.taken_at: each.begun_at for each in listed if each.begun_at != each.taken_at}
    ahead = {each.taken_at for each in listed if each.ahead}
    if dry_run:
        return judge(stage.vault, kept, damaged, late, ahead, now, stage.time_zone)
    known = (damaged, late, ahead, now, stage.time_zone, asked_of(stage))
    locked = bool(stage.service.lock)
    return prune(stage.vault, kept, Silence(), None, *known, locked=locked)


def _to_dict(found: dict[str, list[Verdict]]) -> dict[str, Any]:
    return {
        database: [
            {
                "taken_at": write_time(each.entry.taken_at),
                "begun_at": write_time(each.entry.begun_at),
                "keep": each.keep,
                "ahead": each.entry.ahead,
                "pinned": each.entry.pinned is not None,
                "reason": each.reason,
                "locked_until": write_time(each.locked_until) if each.locked_until else None,
            }
            for each in verdicts
        ]
        for database, verdicts in found.items()
    }

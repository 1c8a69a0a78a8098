"""`snapper prune`: what retention keeps and deletes, and why."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from snapper.cli import render
from snapper.cli.options import JsonOption, KeysArgument, ProfileOption, RegionOption, StageOption
from snapper.cli.stage import Stage
from snapper.values.job import write_time
from snapper.values.retention import Verdict
from snapper.values.secrets import Database
from snapper.verbs.catalog import listing
from snapper.verbs.events import Silence
from snapper.verbs.prune import judge, prune
from snapper.verbs.run import chosen


def prune_backups(
    keys: KeysArgument = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be deleted, and delete nothing.")
    ] = False,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Delete the backups beyond each database's count, and show the reason for each.

    The dumper does the same after every backup; this is for a count that you have lowered. What
    list calls DAMAGED is not counted, and is deleted once it is older than every backup that stays.
    """
    opened, now = Stage.open(stage, profile, region), datetime.now(UTC)
    found: dict[str, list[Verdict]] = {}
    for database in chosen(keys or (), opened.parameters):
        kept = Database(database, "", opened.parameters.retention(database))
        listed = listing(opened.vault, database, now)
        damaged = {each.taken_at for each in listed if each.damage}
        late = {each.taken_at: each.begun_at for each in listed if each.begun_at != each.taken_at}
        ahead = {each.taken_at for each in listed if each.ahead}
        found[database] = (
            judge(opened.vault, kept, damaged, late, ahead, now)
            if dry_run
            else prune(opened.vault, kept, Silence(), None, damaged, late, ahead, now)
        )
    if json:
        render.document({"stage": stage, "dry_run": dry_run, "databases": _to_dict(found)})
        return
    if not any(found.values()):
        render.remark(f"there are no backups of {render.either(keys)} in stage {stage}")
        return
    gone = "would be deleted" if dry_run else "deleted"
    render.table(
        ("database", "taken at", "verdict", "reason"),
        [
            (database, write_time(each.entry.begun_at), "stays" if each.keep else gone, each.reason)
            for database, verdicts in found.items()
            for each in verdicts
        ],
    )


def _to_dict(found: dict[str, list[Verdict]]) -> dict[str, Any]:
    return {
        database: [
            {
                "taken_at": write_time(each.entry.taken_at),
                "begun_at": write_time(each.entry.begun_at),
                "keep": each.keep,
                "ahead": each.entry.ahead,
                "reason": each.reason,
            }
            for each in verdicts
        ]
        for database, verdicts in found.items()
    }

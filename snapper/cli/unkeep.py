"""`snapper unkeep`: let a pinned backup go."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from snapper.cli import render
from snapper.cli.backup_options import KeyArgument, chosen_backup, is_name, read_at
from snapper.cli.keep import called, named
from snapper.cli.lines import warn
from snapper.cli.options import JsonOption, ProfileOption, RegionOption, StageOption
from snapper.cli.stage import Stage
from snapper.values.program import PROGRAM
from snapper.verbs.keep import meant, unpin


def unkeep(
    key: KeyArgument,
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="The pinned backup, as list shows its time.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say which it would be, and let nothing go.")
    ] = False,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Let a pinned backup go: all its pins are taken away, and it counts as any other.

    Nothing is deleted by that alone: the next pruning decides.
    """
    limit, now = read_at(at, key), datetime.now(UTC)
    opened = Stage.open(stage, profile, region)
    with chosen_backup(opened, key, "lets go"):
        holding = meant(opened.vault, key, limit, warn, now, exactly=is_name(at))
        held = unpin(opened.vault, holding, dry_run=dry_run)
    if json:
        pins = [each.to_dict() for each in held]
        render.document({"stage": stage, "dry_run": dry_run, **named(holding), "pins": pins})
        return
    would = "would be" if dry_run else "is"
    render.say(f"{called(holding)} {would} pinned no more")
    if not dry_run:
        render.remark(f"{PROGRAM} prune {key} --dry-run shows whether it stays")

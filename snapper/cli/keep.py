"""`snapper keep`: pin a backup, so that retention leaves it alone."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from snapper.aws.identity import caller
from snapper.cli import render
from snapper.cli.backup_options import (
    LATEST,
    AtOption,
    KeyArgument,
    chosen_backup,
    is_name,
    read_at,
)
from snapper.cli.lines import warn
from snapper.cli.options import JsonOption, ProfileOption, RegionOption, StageOption
from snapper.cli.stage import Stage
from snapper.errors import SettingsError
from snapper.values.job import write_time
from snapper.values.pin import FOREVER, LONGEST_NOTE, Pin, said_until
from snapper.values.program import PROGRAM
from snapper.verbs.holding import Holding
from snapper.verbs.keep import meant, pin

UntilOption = Annotated[
    str,
    typer.Option(
        "--until", metavar="DATE", help="Until when: 2027-01-31. Default: until unkeep lets it go."
    ),
]
NoteOption = Annotated[
    str, typer.Option("--note", metavar="TEXT", help="Why, for whoever reads it later.")
]


def keep(
    key: KeyArgument,
    at: AtOption = LATEST,
    until: UntilOption = "",
    note: NoteOption = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say which it would be, and pin nothing.")
    ] = False,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Pin a backup: retention leaves it alone until a day, or until unkeep.

    A pin counts for nothing: what is pinned pushes no other backup out. It lies beside the backup,
    so it stays whatever is configured, also if the database leaves the stage. One that is damaged
    or unfinished can be pinned too, by its name as --at. Of several pins the longest counts.
    """
    limit, now = read_at(at, key), datetime.now(UTC)
    ends = read_until(until, note, now)
    opened = Stage.open(stage, profile, region)
    opened.service.require_pins()
    with chosen_backup(opened, key, "pins"):
        holding = meant(opened.vault, key, limit, warn, now, exactly=is_name(at))
        wanted = Pin(ends, note, caller(), now)
        new = pin(opened.vault, holding, wanted, dry_run=dry_run)
    if json:
        render.document(
            {
                "stage": stage,
                "dry_run": dry_run,
                **named(holding),
                "new": new,
                "pin": wanted.to_dict(),
            }
        )
        return
    would = "would be " if dry_run else "is "
    already = "" if new else " already: that pin stays as it is"
    render.say(f"{called(holding)} {would}{said_until(ends)}{already}")


_UNTIL_HINT = "such as 2027-01-31, or 2027-01-31T18:00Z"


def read_until(until: str, note: str, now: datetime) -> datetime:
    """Read the option, and refuse a time that is past, and a note that is none."""
    if len(note) > LONGEST_NOTE or not note.isprintable():
        raise SettingsError(
            f"--note must be one line of at most {LONGEST_NOTE} characters",
            hint="make it shorter, and without line ends",
        )
    if not until:
        return FOREVER
    try:
        ends = read_at(until, option="--until")
    except SettingsError as fault:
        raise SettingsError(str(fault), hint=_UNTIL_HINT) from None
    if ends is None:
        raise SettingsError(f"--until {until} is not a time", hint=_UNTIL_HINT)
    if ends <= now:
        raise SettingsError(
            f"--until {until} is past",
            hint=f"name a day that is still to come; {PROGRAM} unkeep lets a backup go",
        )
    return min(ends, FOREVER)


def named(holding: Holding) -> dict[str, Any]:
    """Name a backup in JSON."""
    return {
        "database": holding.database,
        "taken_at": write_time(holding.taken_at),
        "begun_at": write_time(holding.begun_at),
    }


def called(holding: Holding) -> str:
    """Name a backup in words."""
    return f"the backup of {holding.database} at {write_time(holding.begun_at)}"

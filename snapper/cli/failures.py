"""`snapper failures`: the dead letters, read, and deleted for good."""

from typing import Annotated

import typer

from snapper.cli import render
from snapper.cli.letters import names, reason, to_dict
from snapper.cli.options import JsonOption, KeysArgument, ProfileOption, RegionOption, StageOption
from snapper.cli.stage import Stage
from snapper.errors import SettingsError
from snapper.verbs.failures import Selection, discard, explained
from snapper.verbs.run import only


def failures(
    keys: KeysArgument = None,
    undispatched: Annotated[
        bool, typer.Option("--undispatched", help="Scheduled events that never became jobs.")
    ] = False,
    foreign: Annotated[
        bool, typer.Option("--foreign", help="Messages that are neither jobs nor events.")
    ] = False,
    discard_them: Annotated[
        bool, typer.Option("--discard", help="Delete those that are named, for good.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what --discard would delete.")
    ] = False,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Show the dead letters: jobs that failed too often, with the reason of the last attempt.

    Drills are here too that speak against their backup, or could not be tried.

    A scheduled event that the dispatcher failed is here too, as that of (every database). KEYs,
    --undispatched and --foreign show only those; with --discard they are deleted, and the alarm
    for dead letters ends when none is left.
    """
    if dry_run and not discard_them:
        raise SettingsError("--dry-run changes nothing here", hint="it belongs to --discard")
    opened = Stage.open(stage, profile, region)
    selection = Selection(tuple(keys or ()), undispatched, foreign)
    if discard_them:
        _discard(opened, selection, dry_run=dry_run, json=json)
        return
    letters = opened.letters.read()
    if not selection.empty:
        letters = [letter for letter in letters if selection.takes(letter)]
    if silent := set(selection.databases) - {each.database for each in letters}:
        # A key that is misspelt has no letter either, and that would sound like good news.
        only(sorted(silent), opened.databases())
    found = explained(letters, opened.logs, opened.prover_logs)
    if json:
        render.document({"stage": stage, "dead_letters": [to_dict(*each) for each in found]})
    elif found:
        render.table(
            ("database", "scheduled at", "failed at", "reason"),
            [(*names(*each), reason(*each)) for each in found],
            ("failed at",),
        )
    else:
        of = f" of {', '.join(sorted(silent))}" if silent else ""
        such = "such " if not (silent or selection.empty) else ""
        render.remark(f"there are no {such}dead letters{of} in stage {stage}")


def _discard(opened: Stage, selection: Selection, *, dry_run: bool, json: bool) -> None:
    gone = discard(
        opened.letters,
        opened.logs,
        selection,
        opened.databases,
        dry_run=dry_run,
        provers=opened.prover_logs,
    )
    if json:
        render.document(
            {
                "stage": opened.name,
                "dry_run": dry_run,
                "discarded": [to_dict(*each) for each in gone],
            }
        )
    elif gone:
        state = "would be discarded" if dry_run else "discarded"
        render.table(
            ("database", "scheduled at", "failed at", "result"),
            [(*names(*each), f"{state}: {reason(*each)}") for each in gone],
            ("failed at",),
        )
    else:
        render.remark(f"there is nothing to discard in stage {opened.name}")

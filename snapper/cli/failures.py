"""`snapper failures` and `snapper retry`: the dead letters, read and put back."""

from typing import Annotated, Any

import typer

from snapper.aws.dead_letters import Letter
from snapper.cli import render
from snapper.cli.stage import JsonOption, ProfileOption, RegionOption, Stage, StageOption
from snapper.values.health import Failure
from snapper.values.job import write_time
from snapper.verbs.failures import explained, retry


def failures(
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Show the dead letters: jobs that failed too often, with the reason of the last attempt.

    A scheduled event that the dispatcher failed is here too, as that of (every database).
    """
    opened = Stage.open(stage, profile, region)
    found = explained(opened.letters, opened.logs)
    if json:
        render.document({"stage": stage, "dead_letters": [_to_dict(*each) for each in found]})
    elif found:
        render.table(
            ("database", "scheduled at", "failed at", "reason"),
            [
                (
                    _name(letter),
                    _due(letter) or "",
                    write_time(failure.at if failure else letter.sent_at),
                    _reason(letter, failure),
                )
                for letter, failure in found
            ],
            ("failed at",),
        )
    else:
        render.remark(f"there are no dead letters in stage {stage}")


def retry_failures(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY]...", help="Databases; all if not named.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be put back, and move nothing.")
    ] = False,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Put dead letters back on the queue; events that were never dispatched fire again.

    A job makes one backup, of the time it was scheduled for, however often it is put back.
    """
    opened = Stage.open(stage, profile, region)
    moved = retry(
        opened.letters,
        opened.queue,
        lambda event: opened.functions.tell(opened.service.dispatcher, event),
        keys or (),
        dry_run=dry_run,
    )
    if json:
        render.document(
            {
                "stage": stage,
                "dry_run": dry_run,
                "retried": [_to_dict(letter, None) for letter in moved],
            }
        )
        return
    if moved:
        state = "would be" if dry_run else "is"
        render.table(
            ("database", "scheduled at", "result"),
            [(_name(each), _due(each) or "", f"{state} {_destination(each)}") for each in moved],
        )
    else:
        render.remark(f"there is nothing to retry in stage {stage}")


def _name(letter: Letter) -> str:
    if letter.job:
        return letter.job.database
    return "(every database)" if letter.failure else "(not ours)"


def _due(letter: Letter) -> str | None:
    if letter.job:
        return write_time(letter.job.scheduled_at)
    return write_time(letter.failure.scheduled_at) if letter.failure else None


def _reason(letter: Letter, failure: Failure | None) -> str:
    if failure:
        return failure.reason
    if letter.job:
        return "no reason is in the log (any more)"
    return "neither a job nor an event: ends by itself 14 days after it was sent, retry leaves it"


def _destination(letter: Letter) -> str:
    return "queued again" if letter.job else "fired again"


def _to_dict(letter: Letter, failure: Failure | None) -> dict[str, Any]:
    return {
        "kind": "job" if letter.job else "event" if letter.failure else "foreign",
        "database": letter.job.database if letter.job else None,
        "scheduled_at": _due(letter),
        "sent_at": write_time(letter.sent_at),
        "failed_at": write_time(failure.at) if failure else None,
        "reason": failure.reason if failure else None,
    }

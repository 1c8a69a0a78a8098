"""`snapper retry`: dead letters put back on the queue."""

from typing import Annotated, Any

import typer

from snapper.aws.dead_letters import Letter
from snapper.cli import render
from snapper.cli.letters import due, name, to_dict
from snapper.cli.options import JsonOption, KeysArgument, ProfileOption, RegionOption, StageOption
from snapper.cli.stage import Stage
from snapper.values.job import Job
from snapper.values.keys import Kind, object_key
from snapper.values.program import PROGRAM
from snapper.verbs.failures import Ways, retry


def retry_failures(
    keys: KeysArgument = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be put back, and move nothing.")
    ] = False,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Put dead letters back on the queue; events that a function failed on fire again.

    A job makes one backup, of the time it was scheduled for, however often it is put back. In place
    of a drill, the database's newest good backup is drilled. A restore is passed over.
    """
    opened = Stage.open(stage, profile, region)
    tell, service = opened.functions.tell, opened.service
    ways = Ways(
        opened.queue,
        dispatch=lambda event: tell(service.dispatcher, event),
        prune=lambda job: tell(service.pruner, _made(service.bucket, job)),
        drill=lambda drill: tell(opened.prover, {"drill": [drill.database]}),
        plan=lambda event: tell(opened.prover, event),
    )
    moved, passed_over = retry(
        opened.letters,
        ways,
        keys or (),
        opened.databases,
        dry_run=dry_run,
    )
    if json:
        render.document(
            {
                "stage": stage,
                "dry_run": dry_run,
                "retried": [to_dict(letter, None) for letter in moved],
                "passed_over": [to_dict(letter, None) for letter in passed_over],
            }
        )
        return
    if moved:
        state = "would be" if dry_run else "is"
        render.table(
            ("database", "scheduled at", "result"),
            [(name(each), due(each) or "", f"{state} {_destination(each)}") for each in moved],
        )
    else:
        render.remark(f"there is nothing to retry in stage {stage}")
    if passed_over:
        count = render.number(len(passed_over), "restore")
        of = ", ".join(sorted({name(each) for each in passed_over}))
        render.remark(
            f"passed over: {count} of {of}, never tried again by itself; {PROGRAM} restore KEY"
            f" --in-cloud --into TARGET orders one anew, failures --discard ends the alarm"
        )


def _destination(letter: Letter) -> str:
    return "queued again" if letter.job or letter.drill else "fired again"


def _made(bucket: str, job: Job) -> dict[str, Any]:
    """Tell of a backup as S3 does, as far as the pruner listens."""
    key = object_key(job.database, job.scheduled_at, Kind.MANIFEST)
    return {"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": key}}}]}

"""`snapper run`: back up now."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from snapper.aws.identity import caller
from snapper.aws.logs import LogEvent
from snapper.cli import render
from snapper.cli.interruption import Interrupted
from snapper.cli.keep import NoteOption, UntilOption, read_until
from snapper.cli.options import (
    JsonOption,
    KeysArgument,
    PatienceOption,
    ProfileOption,
    RegionOption,
    StageOption,
    time_to_wait,
)
from snapper.cli.outcome import Outcome
from snapper.cli.progress import Progress
from snapper.cli.stage import Stage
from snapper.errors import BackupInProgress, SettingsError, SnapperError
from snapper.values.job import Job, write_time
from snapper.values.manifest import Manifest
from snapper.values.pin import Pin, said_until
from snapper.values.program import PROGRAM
from snapper.verbs.catalog import holding_at, to_public
from snapper.verbs.keep import pin
from snapper.verbs.run import follow, queue_now

_EVENTS = {
    "dump.waits": "waits, since its server is dumped as often as maxPerServer says",
    "dump.began": "dumping",
    "dump.ended": "stored",
    "dump.failed": "failed",
    "dump.handed_over": "handed over to a container of AWS Batch",
}
_Result = Manifest | SnapperError | None


def run_now(
    context: typer.Context,
    keys: KeysArgument = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow the backups until they are made, or failed.")
    ] = False,
    patience: PatienceOption = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Wait for the backups, and pin them as keep does.")
    ] = False,
    until: UntilOption = "",
    note: NoteOption = "",
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Queue a backup of the databases now, as the schedule would.

    Without --wait it ends when the jobs are queued. With it, the exit code is that of the first
    failed backup, in the order of keys. Its job is tried again, five times in all; then it
    goes to the dead-letter queue. With --keep the exit code is 0 only if all are made and pinned.
    """
    outcome: Outcome = context.obj
    if (until or note) and not keep:
        raise SettingsError("--until and --note are for --keep", hint="add --keep")
    now = datetime.now(UTC)
    ends = read_until(until, note, now)
    longest = time_to_wait(patience, wait=wait or keep)
    opened = Stage.open(stage, profile, region)
    if keep:
        opened.service.require_pins()
    wanted = Pin(ends, note, caller(), now) if keep else None
    jobs = queue_now(keys or (), opened.parameters, opened.queue, now)
    results: dict[Job, _Result] = dict.fromkeys(jobs)
    if wait or keep:
        try:
            with Progress() as progress:
                for job in jobs:
                    progress(f"{job.database}: queued")
                    results[job] = _follow(job, opened, longest, progress, wanted)
        except Interrupted as interrupted:
            interrupted.add_note(f"the jobs go on; {PROGRAM} status shows how they end")
            if keep:
                interrupted.add_note(f"{PROGRAM} keep pins what they make: nobody else does")
            raise
    failures = [found for found in results.values() if isinstance(found, SnapperError)]
    outcome.code = failures[0].exit_code if failures else 0
    if json:
        render.document(
            {
                "stage": stage,
                "jobs": [_to_dict(job, found, wanted) for job, found in results.items()],
            }
        )
        outcome.answered = True
        return
    names = [found.dump_key for found in results.values() if isinstance(found, Manifest)]
    render.table(
        ("database", "scheduled at", "result"),
        [
            (job.database, write_time(job.scheduled_at), _words(job_result, wanted))
            for job, job_result in results.items()
        ],
        ("scheduled at", "database"),
        max([render.PROSE, *(len(f"{name},") for name in names)]),
    )


def _follow(
    job: Job, stage: Stage, patience: timedelta, progress: Progress, wanted: Pin | None
) -> _Result:
    def tell(event: LogEvent) -> None:
        if words := _EVENTS.get(event.name):
            progress(f"{job.database}: {words}")

    made: Manifest | None = None
    try:
        made = follow(job, stage.vault, stage.logs, patience, stage.queue.retries, tell)
        if wanted:
            pin(stage.vault, holding_at(stage.vault, job.database, made.scheduled_at), wanted)
    except SnapperError as error:
        if made:
            error.add_note(f"{made.dump_key} is made, and not pinned")
        return error
    return made


def _words(result: _Result, wanted: Pin | None) -> str:
    if result is None:
        return "queued"
    if isinstance(result, SnapperError):
        fact = str(result) if isinstance(result, BackupInProgress) else f"FAILED: {result}"
        return render.with_fixes(fact, result.hint, *getattr(result, "__notes__", ()))
    took = render.seconds(result.finished_at - result.started_at)
    pinned = f", {said_until(wanted.until)}" if wanted else ""
    return f"done: {result.dump_key}, {render.size(result.backup_bytes)} in {took}{pinned}"


def _state(result: _Result) -> str:
    match result:
        case None:
            return "queued"
        case Manifest():
            return "done"
        case BackupInProgress():
            return "in progress"
        case _:
            return "failed"


def _to_dict(job: Job, result: _Result, wanted: Pin | None) -> dict[str, Any]:
    made = isinstance(result, Manifest)
    return {
        "database": job.database,
        "scheduled_at": write_time(job.scheduled_at),
        "state": _state(result),
        "manifest": to_public(result) if isinstance(result, Manifest) else None,
        "pin": wanted.to_dict() if wanted and made else None,
        "error": str(result) if isinstance(result, SnapperError) else None,
        "hint": result.hint if isinstance(result, SnapperError) else None,
    }

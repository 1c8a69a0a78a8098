"""`snapper run`: back up now."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from snapper.aws.logs import LogEvent
from snapper.cli import render
from snapper.cli.interruption import Interrupted
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
from snapper.errors import BackupInProgress, SnapperError
from snapper.values.job import Job, write_time
from snapper.values.manifest import Manifest
from snapper.values.program import PROGRAM
from snapper.verbs.catalog import to_public
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
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Queue a backup of the databases now, as the schedule would.

    Without --wait it ends when the jobs are queued. With it, the exit code is that of the first
    failed backup, in the order of keys. Its job is tried again, five times in all; then it
    goes to the dead-letter queue.
    """
    outcome: Outcome = context.obj
    longest = time_to_wait(patience, wait=wait)
    opened = Stage.open(stage, profile, region)
    jobs = queue_now(keys or (), opened.parameters, opened.queue, datetime.now(UTC))
    results: dict[Job, _Result] = dict.fromkeys(jobs)
    if wait:
        try:
            with Progress() as progress:
                for job in jobs:
                    progress(f"{job.database}: queued")
                    results[job] = _follow(job, opened, longest, progress)
        except Interrupted as interrupted:
            interrupted.add_note(f"the jobs go on; {PROGRAM} status shows how they end")
            raise
    failures = [found for found in results.values() if isinstance(found, SnapperError)]
    outcome.code = failures[0].exit_code if failures else 0
    if json:
        render.document(
            {"stage": stage, "jobs": [_to_dict(job, found) for job, found in results.items()]}
        )
        outcome.answered = True
        return
    names = [found.dump_key for found in results.values() if isinstance(found, Manifest)]
    render.table(
        ("database", "scheduled at", "result"),
        [
            (job.database, write_time(job.scheduled_at), _words(job_result))
            for job, job_result in results.items()
        ],
        ("scheduled at", "database"),
        max([render.PROSE, *(len(f"{name},") for name in names)]),
    )


def _follow(job: Job, stage: Stage, patience: timedelta, progress: Progress) -> _Result:
    def tell(event: LogEvent) -> None:
        if words := _EVENTS.get(event.name):
            progress(f"{job.database}: {words}")

    try:
        return follow(job, stage.vault, stage.logs, patience, stage.queue.retries, tell)
    except SnapperError as error:
        return error


def _words(result: _Result) -> str:
    if result is None:
        return "queued"
    if isinstance(result, SnapperError):
        fact = str(result) if isinstance(result, BackupInProgress) else f"FAILED: {result}"
        return render.with_fixes(fact, result.hint, *getattr(result, "__notes__", ()))
    took = render.seconds(result.finished_at - result.started_at)
    return f"done: {result.dump_key}, {render.size(result.backup_bytes)} in {took}"


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


def _to_dict(job: Job, result: _Result) -> dict[str, Any]:
    return {
        "database": job.database,
        "scheduled_at": write_time(job.scheduled_at),
        "state": _state(result),
        "manifest": to_public(result) if isinstance(result, Manifest) else None,
        "error": str(result) if isinstance(result, SnapperError) else None,
        "hint": result.hint if isinstance(result, SnapperError) else None,
    }

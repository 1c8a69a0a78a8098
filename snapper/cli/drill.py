"""`snapper drill`: have the prover restore backups now."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

import typer

from snapper.aws.logs import LogEvent, Logs
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
from snapper.errors import BackupInProgress, BackupNotFound, NoKey, SnapperError
from snapper.values.drill import Drill
from snapper.values.job import write_time
from snapper.values.program import PROGRAM
from snapper.verbs.follow_drill import Proof, follow, order_now
from snapper.verbs.run import chosen

_EVENTS = {"drill.began": "restoring", "drill.handed_over": "handed over to a container"}
_Result = Proof | SnapperError | None
_Found = tuple[str, Drill | None, _Result]


def drill_now(
    context: typer.Context,
    keys: KeysArgument = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow the drills until they have ended.")
    ] = False,
    patience: PatienceOption = None,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Have the stage's prover restore the newest good backup of the databases now.

    It does so by itself as often as the option `drill` says. The backup is restored into a
    PostgreSQL inside the prover, counted, held against its list of contents and your assertions,
    and dropped; your own servers are not asked. The verdict is stored beside the backup, where list
    and status show it.

    Without --wait it ends when the drills are queued. With it, the exit code is that of the first
    one that proved nothing, in the order of keys: 4 if the backup is damaged, 9 if it could not be
    restored, or is too large for the prover, and with largeDatabases for a container too, 11 if it
    is sealed and the stage has no drillIdentity: then is proven what can be without opening it.
    """
    outcome: Outcome = context.obj
    longest = time_to_wait(patience, wait=wait)
    opened = Stage.open(stage, profile, region)
    named = chosen(keys or (), opened.parameters)
    drills = order_now(named, opened.prover, opened.functions)
    found = _follow(named, drills, opened.prover_logs if wait else None, longest)
    errors = [result for _, _, result in found if isinstance(result, SnapperError)]
    outcome.code = errors[0].exit_code if errors else 0
    if json:
        render.document({"stage": stage, "drills": [_to_dict(*each) for each in found]})
        outcome.answered = True
        return
    render.table(
        ("database", "backup", "result"),
        [
            (key, write_time(drill.taken_at) if drill else "", _words(result))
            for key, drill, result in found
        ],
    )


def _follow(
    named: Sequence[str], drills: Sequence[Drill], logs: Logs | None, patience: timedelta
) -> list[_Found]:
    """Give what came of each database, in the order of their keys; follow them where a log is."""
    ordered = {each.database: each for each in drills}
    found: list[_Found] = []
    try:
        with Progress() as progress:
            for key in named:
                drill = ordered.get(key)
                result: _Result = None
                if drill is None:
                    result = BackupNotFound(f"there is no good backup of {key}")
                elif logs:
                    progress(f"{key}: queued")
                    result = _end_of(drill, logs, patience, progress)
                found.append((key, drill, result))
    except Interrupted as interrupted:
        interrupted.add_note(f"the drills go on; {PROGRAM} status shows how they end")
        raise
    return found


def _end_of(drill: Drill, logs: Logs, patience: timedelta, progress: Progress) -> _Result:
    def tell(event: LogEvent) -> None:
        if words := _EVENTS.get(event.name):
            progress(f"{drill.database}: {words}")

    try:
        return follow(drill, logs, patience, tell)
    except SnapperError as error:
        return error


def _words(result: _Result) -> str:
    if result is None:
        return "queued"
    if isinstance(result, SnapperError):
        waits = isinstance(result, BackupInProgress | BackupNotFound)
        state = "NOT OPENED" if isinstance(result, NoKey) else "NOT PROVEN"
        fact = str(result) if waits else f"{state}: {result}"
        return render.with_fixes(fact, result.hint, *getattr(result, "__notes__", ()))
    but = f" but for {result.lacking}" if result.lacking else ""
    tables = render.number(result.tables, "table")
    return f"restored{but}: {tables}, {result.rows:,} rows in {result.seconds:.1f} s"


def _state(result: _Result) -> str:
    match result:
        case None:
            return "queued"
        case Proof():
            return "proven"
        case BackupInProgress():
            return "in progress"
        case BackupNotFound():
            return "no backup"
        case NoKey():
            return "not opened"
        case _:
            return "not proven"


def _to_dict(key: str, drill: Drill | None, result: _Result) -> dict[str, Any]:
    error = result if isinstance(result, SnapperError) else None
    proof = result if isinstance(result, Proof) else None
    return {
        "database": key,
        "taken_at": write_time(drill.taken_at) if drill else None,
        "ordered_at": write_time(drill.ordered_at) if drill else None,
        "state": _state(result),
        "tables": proof.tables if proof else None,
        "rows": proof.rows if proof else None,
        "seconds": proof.seconds if proof else None,
        "lacking": proof.lacking or None if proof else None,
        "error": str(error) if error else None,
        "hint": error.hint if error else None,
    }

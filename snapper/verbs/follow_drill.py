"""Order drills of the prover now, and follow one to its end by what the prover logs."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from snapper.aws.functions import Functions
from snapper.aws.logs import LogEvent, Logs
from snapper.errors import (
    AwsFailed,
    BackupDamaged,
    BackupInProgress,
    NoKey,
    RestoreFailed,
    SnapperError,
    TooLarge,
    exit_code_of,
)
from snapper.values import document
from snapper.values.drill import Drill
from snapper.values.job import read_time, write_time
from snapper.values.program import PROGRAM

_POLL_SECONDS = 1.0
_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class Proof:
    """What a drill has shown: so many tables and rows are there again after so many seconds.

    What the server was `lacking`, in words, is not proven.
    """

    tables: int
    rows: int
    seconds: float
    lacking: str = ""


def order_now(databases: Sequence[str], prover: str, functions: Functions) -> list[Drill]:
    """Have the prover queue a drill of each database's newest good backup; give those it queued.

    A database without a good backup has none. Raises AwsFailed.
    """
    answer = functions.ask(prover, {"drill": list(databases)})
    try:
        return [
            Drill(each["database"], read_time(each["taken_at"]), read_time(each["ordered_at"]))
            for each in answer["drills"]
        ]
    except (KeyError, TypeError, ValueError):
        raise AwsFailed(
            f"the answer of {prover} cannot be read", hint="pulumi up with this release"
        ) from None


def follow(
    drill: Drill,
    logs: Logs,
    patience: timedelta,
    tell: Callable[[LogEvent], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Proof:
    """Wait until the drill has come to its end, and give what it has shown.

    `tell` is given each of its events. Raises BackupDamaged and RestoreFailed for what speaks
    against the backup, TooLarge for what is not tried, or not to its end, NoKey for what was proven
    without opening it, as far as it can be; whatever kept it from
    being tried is raised at the first attempt with a note on the next, with its own exit code.
    BackupInProgress when `patience` is over.
    """
    end = datetime.now(UTC) + patience
    told = list[LogEvent]()
    while datetime.now(UTC) < end:
        for event in _events_of(drill, logs):
            # Of several logs one may come to us later than another.
            if event in told:
                continue
            told.append(event)
            tell(event)
            # A drill that was skipped tells by which figures another one has proven the backup.
            if event.name == "drill.ended" or "seconds" in event.fields:
                return _proof(event.fields)
            if error := _error(drill, event):
                raise error
        sleep(_POLL_SECONDS)
    raise BackupInProgress(
        f"the drill of {drill.database} has not ended after "
        f"{patience.total_seconds() / 60:g} minutes",
        hint=f"it goes on; {PROGRAM} status shows how it ends",
    )


def _error(drill: Drill, event: LogEvent) -> SnapperError | None:
    kind = str(event.fields.get("kind"))
    reason = str(event.fields.get("reason") or f"an unexpected {kind}")
    hint = str(event.fields.get("hint") or "")
    backup = f"the backup of {drill.database} at {write_time(drill.taken_at)}"
    if event.name == "drill.failed":
        if kind == BackupDamaged.__name__:
            return BackupDamaged(f"{backup} is damaged: {reason}", hint=hint)
        return RestoreFailed(f"the proof of {backup} failed: {reason}", hint=hint)
    if event.name == "drill.unopened":
        return NoKey(f"{backup} was not restored, but {reason}", hint=hint)
    if event.name == "drill.skipped":
        return TooLarge(f"{backup} was not proven: {reason}", hint=hint)
    if event.name == "drill.untried":
        error = SnapperError(f"{backup} could not be tried: {reason}", hint=hint)
        error.exit_code = exit_code_of(kind) or SnapperError.exit_code
        error.add_note(
            f"that says nothing of the backup; it is tried again, and {PROGRAM} failures shows it "
            "if that fails to the end"
        )
        return error
    return None


def _events_of(drill: Drill, logs: Logs) -> list[LogEvent]:
    since, wanted = drill.ordered_at - _CLOCKS_DIFFER, write_time(drill.ordered_at)
    return [
        event
        for event in logs.events(since, f'"{wanted}"')
        if event.fields.get("database") == drill.database
        and event.fields.get("ordered_at") == wanted
    ]


def _proof(fields: dict[str, Any]) -> Proof:
    tables, rows, seconds = (fields.get(name) for name in ("tables", "rows", "seconds"))
    return Proof(_number(tables), _number(rows), _seconds(seconds), str(fields.get("lacking", "")))


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0  # a log is input too


def _seconds(value: object) -> float:
    with suppress(ValueError):
        return document.seconds(value)
    return 0.0

"""Drills: planned every hour, ordered by the command line, and each done in a server of its own."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from functions.delivery import Delivery
from functions.dumper import FailedItem, LambdaContext
from functions.proving import attempt
from functions.telemetry import Telemetry
from snapper.aws.batch import Batch
from snapper.aws.parameters import Parameters
from snapper.aws.queue import JobQueue
from snapper.aws.vault import Vault
from snapper.engines.engine import engine_of
from snapper.errors import SnapperError
from snapper.machine.run_directory import remove_dead_trials
from snapper.values.deadline import Deadline
from snapper.values.drill import Drill
from snapper.values.job import read_time, write_time
from snapper.values.settings import ProverSettings
from snapper.verbs.drill import Prover
from snapper.verbs.drill_opening import opening_of
from snapper.verbs.drills import order, plan
from snapper.verbs.hand_over_drill import DrillHandOver

_HINT = (
    "prove it by verify --restore on a larger machine, and set the option drill of this database"
    " to off"
)
_HINT_TO_SET = f"with the setting largeDatabases AWS Batch proves it; or {_HINT}"


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do the drills of an SQS event; order those of `{"drill": [keys]}`; else plan what is due.

    A drill that speaks against its backup goes to the dead letters at once, with the reason. What
    could not be tried goes back to the queue.
    """
    settings = ProverSettings.from_env(os.environ)
    telemetry = Telemetry("prover", settings.stage)
    if "Records" in event:
        return {"batchItemFailures": _prove(event["Records"], settings, telemetry, context)}
    if "drill" in event:
        return {"drills": _order(event["drill"], settings)}
    return {"queued": _plan(event, settings, telemetry)}


def _prove(
    records: Sequence[dict[str, Any]],
    settings: ProverSettings,
    telemetry: Telemetry,
    context: LambdaContext,
) -> list[FailedItem]:
    """Do one drill after the other, and give those that must come back."""
    failed: list[FailedItem] = []
    # Where Lambda has killed a drill it starts us anew, and leaves /tmp as it is.
    remove_dead_trials()
    make = partial(_prover, settings, telemetry, context)
    letters = JobQueue.connect(settings.dead_letter_url)
    for record in records:
        delivery = Delivery(record, settings.queue_url, telemetry)
        delivery.hold(context.get_remaining_time_in_millis() / 1000)
        if not _is_done(delivery, make, letters, telemetry):
            delivery.come_back()
            failed.append({"itemIdentifier": delivery.message_id})
    return failed


def _prover(settings: ProverSettings, telemetry: Telemetry, context: LambdaContext) -> Prover:
    """Read the options of all databases; raises AwsFailed, OptionsInvalid."""
    elsewhere = None
    if settings.batch_queue:
        batch = Batch.connect(settings.batch_queue, settings.batch_definition)
        elsewhere = DrillHandOver(batch, telemetry)
    hint = _HINT if elsewhere else _HINT_TO_SET
    return Prover(
        vault=Vault.connect(settings.bucket),
        events=telemetry,
        options=Parameters.connect(settings.parameter_root).options(),
        disk_bytes=settings.disk_bytes,
        engines=partial(engine_of, clients=Path(settings.clients)),
        deadline=Deadline(lambda: context.get_remaining_time_in_millis() / 1000, hint),
        elsewhere=elsewhere,
        opening=opening_of(settings),
    )


def _is_done(
    delivery: Delivery, make: Callable[[], Prover], letters: JobQueue, telemetry: Telemetry
) -> bool:
    """Do one drill, and tell whether there is nothing left to do for it."""
    telemetry.note(attempt=delivery.attempt)
    try:
        drill = Drill.from_json(delivery.body)
    except SnapperError as error:
        telemetry.emit(
            "job.failed", message_id=delivery.message_id, reason=str(error), hint=error.hint
        )
        return False

    def prove(drill: Drill) -> int:
        if against := make().prove(drill):
            letters.send([replace(drill, reason=against)])
        return 0

    return attempt(drill, prove, telemetry) == 0


def _order(wanted: object, settings: ProverSettings) -> list[dict[str, str]]:
    """Queue drills of these databases, and give what was queued."""
    known = Parameters.connect(settings.parameter_root).database_keys()
    named = {key for key in wanted if isinstance(key, str)} if isinstance(wanted, list) else set()
    drills = order(
        Vault.connect(settings.bucket),
        [key for key in known if key in named],
        JobQueue.connect(settings.queue_url),
        datetime.now(UTC),
    )
    return [
        {
            "database": each.database,
            "taken_at": write_time(each.taken_at),
            "ordered_at": write_time(each.ordered_at),
        }
        for each in drills
    ]


def _plan(event: dict[str, Any], settings: ProverSettings, telemetry: Telemetry) -> int:
    """Queue what is due in the hour of the event; raise what kept a drill from being queued."""
    try:
        now = read_time(event["time"]) if "time" in event else datetime.now(UTC)
        drills = plan(
            Vault.connect(settings.bucket),
            Parameters.connect(settings.parameter_root).options(),
            settings.proving,
            JobQueue.connect(settings.queue_url),
            telemetry,
            now,
            opens=bool(settings.drill_identity),
        )
    except SnapperError as error:
        telemetry.emit("plan.failed", kind=type(error).__name__, reason=str(error), hint=error.hint)
        raise
    return len(drills)

"""SQS record in, one backup in the vault out."""

import os
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypedDict

from functions import canary, doctor
from functions.chaining import chain_of
from functions.defect import place_of
from functions.delivery import Delivery
from functions.telemetry import Telemetry
from snapper.aws.batch import Batch
from snapper.aws.parameters import Parameters
from snapper.aws.vault import Vault
from snapper.engines.engine import engine_of
from snapper.errors import SnapperError
from snapper.machine.memory import give_back_large_blocks
from snapper.machine.processors import jobs_here
from snapper.values.deadline import RESERVE, Deadline
from snapper.values.job import Job, write_time
from snapper.values.sealed_for import sealed_for
from snapper.values.settings import DumperSettings
from snapper.verbs.back_up import back_up
from snapper.verbs.dump import Dumper
from snapper.verbs.hand_over import HandOver
from snapper.verbs.turns import Turns


class LambdaContext(Protocol):
    """The part of Lambda's context that is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Give the milliseconds until Lambda ends the function."""
        ...


class FailedItem(TypedDict):
    """One message that must come back to the queue."""

    itemIdentifier: str


class BatchResponse(TypedDict):
    """What the event source expects: a message that is not named here is deleted."""

    batchItemFailures: list[FailedItem]


def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse | dict[str, Any]:
    """Back up the database of every record; the failed ones go back to the queue.

    The command line's doctor asks the same function, because only it stands where dumps are made:
    `{"doctor": [keys]}` is answered with findings by database. So does `key prove`, because only it
    seals: `{"canary": {…}}` is answered with where a canary is.
    """
    settings = DumperSettings.from_env(os.environ)
    if "doctor" in event:
        seconds = context.get_remaining_time_in_millis() / 1000 - RESERVE
        return doctor.answer(event["doctor"], settings, seconds)
    if "canary" in event:
        return canary.answer(event["canary"], settings)
    give_back_large_blocks()
    telemetry = Telemetry("dumper", settings.stage)
    parameters = Parameters.connect(settings.parameter_root)
    vault = Vault.connect(settings.bucket)
    dumper = Dumper(
        vault=vault,
        events=telemetry,
        engines=partial(engine_of, clients=Path(settings.clients)),
        deadline=Deadline(lambda: context.get_remaining_time_in_millis() / 1000),
        jobs=partial(jobs_here, stage=settings.jobs, environment=os.environ),
        turns=Turns.of(settings),
        elsewhere=_elsewhere(settings, vault, telemetry),
        sealed_for=sealed_for(settings),
        chain=chain_of(settings, vault, telemetry),
    )
    failed: list[FailedItem] = []
    for record in event["Records"]:
        delivery = Delivery(record, settings.queue_url, telemetry)
        delivery.hold(context.get_remaining_time_in_millis() / 1000)
        if not _succeeds(delivery, parameters, dumper, telemetry):
            delivery.come_back()
            failed.append({"itemIdentifier": delivery.message_id})
    return {"batchItemFailures": failed}


def _elsewhere(settings: DumperSettings, vault: Vault, telemetry: Telemetry) -> HandOver | None:
    """Give where jobs are handed over to, if the stage has largeDatabases."""
    if not settings.batch_queue:
        return None
    batch = Batch.connect(settings.batch_queue, settings.batch_definition)
    return HandOver(vault, batch, telemetry, settings.jobs)


def _succeeds(
    delivery: Delivery, parameters: Parameters, dumper: Dumper, telemetry: Telemetry
) -> bool:
    """Do one job. Its failure has been logged, or is logged here: it must not stop the others."""
    telemetry.note(attempt=delivery.attempt)
    try:
        job = Job.from_json(delivery.body)
    except SnapperError as error:
        telemetry.emit(
            "job.failed", message_id=delivery.message_id, reason=str(error), hint=error.hint
        )
        return False
    try:
        back_up(job, parameters, dumper)
    except SnapperError:
        return False
    except Exception as error:
        # A defect of ours must be as loud as any failure, but its text may hold anything.
        telemetry.emit(
            "dump.failed",
            database=job.database,
            scheduled_at=write_time(job.scheduled_at),
            **place_of(error),
        )
        return False
    return True

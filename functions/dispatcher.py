"""Scheduled event in, one job per database out."""

import os
from datetime import UTC, datetime
from typing import Any

from functions.telemetry import Telemetry
from snapper.aws.parameters import Parameters
from snapper.aws.queue import JobQueue
from snapper.errors import SnapperError
from snapper.values.job import read_time
from snapper.values.settings import DispatcherSettings
from snapper.values.timetable import rules_of
from snapper.verbs.dispatch import dispatch


def handler(event: dict[str, Any], context: object) -> dict[str, int]:  # noqa: ARG001  Lambda gives it
    """Queue the jobs of the event's own time, so that a repeated event makes no second backup.

    Raises whatever kept a job from being queued: Lambda then repeats the event, and at last puts
    it with the dead letters.
    """
    settings = DispatcherSettings.from_env(os.environ)
    telemetry = Telemetry("dispatcher", settings.stage)
    try:
        at = read_time(event["time"]) if "time" in event else datetime.now(UTC)
        jobs = dispatch(
            at,
            Parameters.connect(settings.parameter_root),
            JobQueue.connect(settings.queue_url),
            telemetry,
            rules_of(event),
        )
    except SnapperError as error:
        telemetry.emit(
            "dispatch.failed", kind=type(error).__name__, reason=str(error), hint=error.hint
        )
        raise
    return {"queued": len(jobs)}

"""One job in a container of AWS Batch: the dumper's own work, where a function has not the time."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from functions.chaining import chain_of
from functions.defect import place_of
from functions.telemetry import Telemetry
from snapper.aws.parameters import Parameters
from snapper.aws.vault import Vault
from snapper.engines.engine import engine_of
from snapper.errors import DeadlineReached, DumpStopped, SnapperError
from snapper.machine.memory import give_back_large_blocks
from snapper.machine.processors import jobs_here
from snapper.values.attempts import ATTEMPTS, pause_after
from snapper.values.container import AT_WORK, CONTAINER, FAREWELL, PAYLOAD
from snapper.values.deadline import Deadline
from snapper.values.job import Job, write_time
from snapper.values.sealed_for import sealed_for
from snapper.values.settings import DumperSettings
from snapper.verbs.back_up import back_up
from snapper.verbs.dump import Dumper
from snapper.verbs.events import tell_failure
from snapper.verbs.turns import PAUSE_AFTER_CONTAINER, Turns

DEFECT = 1
"""The exit status after a defect of ours."""

_HINT = (
    "what takes longer than 24 hours cannot be dumped: exclude what need not be backed up, or raise"
    " dumpJobs"
)
_LAST_WORDS = timedelta(seconds=5)


@dataclass(frozen=True)
class Work:
    """What is needed for a job: where it is told, the stage's parameters, and who dumps."""

    telemetry: Telemetry
    parameters: Parameters
    dumper: Dumper

    @classmethod
    def of(cls, settings: DumperSettings) -> "Work":
        """Open what the settings name; raises SettingsError."""
        telemetry = Telemetry(CONTAINER, settings.stage)
        vault = Vault.connect(settings.bucket)
        dumper = Dumper(
            vault=vault,
            events=telemetry,
            engines=partial(engine_of, clients=Path(settings.clients)),
            deadline=replace(Deadline.after(AT_WORK.total_seconds()), hint=_HINT),
            jobs=partial(jobs_here, stage=settings.jobs, environment=os.environ),
            turns=Turns.of(settings, PAUSE_AFTER_CONTAINER),
            sealed_for=sealed_for(settings),
            chain=chain_of(settings, vault, telemetry),
        )
        return cls(telemetry, Parameters.connect(settings.parameter_root), dumper)


def main(environment: Mapping[str, str]) -> int:
    """Do the job that the environment holds; give the exit status, which is 0 for a backup."""
    give_back_large_blocks()
    work = Work.of(DumperSettings.from_env(environment))
    try:
        job = Job.from_json(environment.get(PAYLOAD, ""))
    except SnapperError as error:
        work.telemetry.emit("job.failed", reason=str(error), hint=error.hint)
        return error.exit_code
    signal.signal(signal.SIGTERM, lambda *_: say_farewell(work, job))
    status = do(work, job)
    # There are reports that a last line which is a metric is lost on its way from a container.
    work.telemetry.emit("job.ended", status=status)
    return status


def do(work: Work, job: Job, pause: Callable[[int], timedelta] = pause_after) -> int:
    """Make the backup, with as many attempts as a job has in the queue; give the exit status.

    Each failure is logged as the dumper does. One for want of time is the last.
    """
    ending = work.dumper.ending
    for attempt in range(1, ATTEMPTS + 1):
        work.telemetry.note(attempt=attempt)
        try:
            back_up(job, work.parameters, work.dumper)
        except SnapperError as error:
            status, final = error.exit_code, isinstance(error, DeadlineReached)
        except Exception as error:
            # A defect of ours must be as loud as any failure, but its text may hold anything.
            told = {"database": job.database, "scheduled_at": write_time(job.scheduled_at)}
            work.telemetry.emit("dump.failed", **told, **place_of(error))
            status, final = DEFECT, True
        else:
            return 0
        if final or attempt == ATTEMPTS or ending.wait(pause(attempt).total_seconds()):
            break
    return status


def say_farewell(
    work: Work,
    job: Job,
    patience: timedelta = FAREWELL - _LAST_WORDS,
    leave: Callable[[int], None] = os._exit,
) -> None:
    """Stop what is under way, and see to it that the failure is told before we are killed.

    In a thread of its own: what a signal interrupts may hold what is needed for it.
    """
    reason = DumpStopped(
        "the container was told to end before the dump was done",
        hint="somebody has ended it in AWS Batch, its time was over, or AWS took the machine away",
    )

    def end() -> None:
        work.dumper.ending.end(reason)
        # In order it is over by then: what was uploaded is taken back, and the failure told.
        time.sleep(patience.total_seconds())
        tell_failure(work.telemetry, "dump.failed", job, reason)
        leave(reason.exit_code)

    threading.Thread(target=end, name="farewell", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(os.environ))

"""One drill in a container of AWS Batch: the prover's own work, where a function has no room."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from functions.proving import attempt
from functions.telemetry import Telemetry
from snapper.aws.parameters import Parameters
from snapper.aws.vault import Vault
from snapper.engines.engine import engine_of
from snapper.errors import SnapperError
from snapper.values.attempts import ATTEMPTS, pause_after
from snapper.values.container import AT_WORK, CONTAINER, PAYLOAD
from snapper.values.deadline import Deadline
from snapper.values.drill import Drill
from snapper.values.settings import ProverSettings
from snapper.verbs.drill import Prover
from snapper.verbs.drill_opening import opening_of

AGAINST = 20
"""The exit status where the drill speaks against the backup, which no error of ours has."""

_HINT = (
    "prove it by verify --restore on a larger machine, and set the option drill of this database"
    " to off"
)


def main(environment: Mapping[str, str]) -> int:
    """Do the drill that the environment holds; give the exit status, 0 if nothing is left to do."""
    settings = ProverSettings.from_env(environment)
    telemetry = Telemetry(CONTAINER, settings.stage)
    try:
        drill = Drill.from_json(environment.get(PAYLOAD, ""))
    except SnapperError as error:
        telemetry.emit("job.failed", reason=str(error), hint=error.hint)
        return error.exit_code
    signal.signal(signal.SIGTERM, lambda *_: say_farewell(telemetry, drill))
    deadline = replace(Deadline.after(AT_WORK.total_seconds()), hint=_HINT)
    status = do(partial(_prover, settings, telemetry, deadline), drill, telemetry)
    # As of any container: a last line that is a metric may be lost on its way.
    telemetry.emit("job.ended", status=status)
    return status


def _prover(settings: ProverSettings, telemetry: Telemetry, deadline: Deadline) -> Prover:
    """Read the options of all databases; raises AwsFailed, OptionsInvalid."""
    return Prover(
        vault=Vault.connect(settings.bucket),
        events=telemetry,
        options=Parameters.connect(settings.parameter_root).options(),
        disk_bytes=settings.disk_bytes,
        engines=partial(engine_of, clients=Path(settings.clients)),
        deadline=deadline,
        opening=opening_of(settings),
    )


def do(
    make: Callable[[], Prover],
    drill: Drill,
    telemetry: Telemetry,
    pause: Callable[[int], timedelta] = pause_after,
) -> int:
    """Prove the backup, with as many attempts as a drill has in the queue; give the exit status.

    What speaks against the backup is logged, and Batch's event of our end brings the drill to the
    dead letters.
    """

    def prove(drill: Drill) -> int:
        return AGAINST if make().prove(drill) else 0

    for number in range(1, ATTEMPTS + 1):
        telemetry.note(attempt=number)
        status = attempt(drill, prove, telemetry)
        if status in (0, AGAINST) or number == ATTEMPTS:
            break
        time.sleep(pause(number).total_seconds())
    return status


def say_farewell(
    telemetry: Telemetry, drill: Drill, leave: Callable[[int], None] = os._exit
) -> None:
    """See to it that the end is told before we are killed; whoever watches us ends the server.

    In a thread of its own: what a signal interrupts may hold what is needed for it.
    """

    def refuse(_: Drill) -> int:
        raise SnapperError(
            "the container was told to end before the backup was proven",
            hint="somebody has ended it in AWS Batch, its time was over, or AWS took the machine"
            " away",
        )

    def end() -> None:
        leave(attempt(drill, refuse, telemetry))

    threading.Thread(target=end, name="farewell", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(os.environ))

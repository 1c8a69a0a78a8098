"""Called every hour: which databases are late, and how many."""

import os
from datetime import UTC, datetime

from functions.telemetry import Telemetry
from snapper.aws.parameters import Parameters
from snapper.aws.vault import Vault
from snapper.errors import SnapperError
from snapper.values.settings import WatcherSettings
from snapper.verbs.watch import watch


def handler(event: object, context: object) -> dict[str, list[str]]:  # noqa: ARG001  Lambda gives both
    """Tell what is late now, whenever the event was due.

    Raises whatever kept a database from being looked at. Nothing is measured then, and the alarm
    takes silence for lateness.
    """
    settings = WatcherSettings.from_env(os.environ)
    telemetry = Telemetry("watcher", settings.stage)
    try:
        parameters = Parameters.connect(settings.parameter_root)
        late = watch(
            Vault.connect(settings.bucket),
            parameters.options(),
            settings.punctuality,
            parameters.known_since,
            telemetry,
            datetime.now(UTC),
        )
    except SnapperError as error:
        telemetry.emit(
            "watch.failed", kind=type(error).__name__, reason=str(error), hint=error.hint
        )
        raise
    return {"late": late}

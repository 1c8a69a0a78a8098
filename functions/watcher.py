"""Called every hour: which databases are late, which not copied; it keeps the summaries, too."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from functions.telemetry import Telemetry
from snapper.aws.logs import Logs
from snapper.aws.parameters import Parameters
from snapper.aws.topic import Topic
from snapper.aws.vault import StoredObject, Vault
from snapper.errors import SnapperError
from snapper.values.behind import messages
from snapper.values.object_lock import SUMMARIES
from snapper.values.options import Options
from snapper.values.settings import WatcherSettings
from snapper.verbs.copies import BEHIND, WATCHED, Due, due, watch_copies
from snapper.verbs.examine_key import watch_key
from snapper.verbs.summarize import Found, summarize
from snapper.verbs.survey import Folder
from snapper.verbs.tell_late import Teller
from snapper.verbs.watch import watch


def handler(event: object, context: object) -> dict[str, list[str]]:  # noqa: ARG001  Lambda gives both
    """Tell what is late now, whenever the event was due.

    Raises whatever kept a database from being looked at. Nothing is measured then, and the alarm
    takes silence for lateness. Raises too, after all is measured and the summaries are kept, if the
    topic could not be told; Lambda calls twice more then, and the next hour tells it again.
    """
    settings = WatcherSettings.from_env(os.environ)
    telemetry = Telemetry("watcher", settings.stage)
    own_log = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "")
    known: Mapping[str, Options] | None = None
    found: dict[str, list[StoredObject]] = {}
    expected: dict[str, Due | None] = {}
    now = datetime.now(UTC)

    def seen(database: str, folder: Folder) -> None:
        found[database] = folder.records
        expected[database] = due(folder.holdings, now)

    topic, log = Topic.connect(settings.topic), Logs.connect(own_log)
    if settings.kms_key:
        # First: without the key nothing else may be readable.
        watch_key(settings.kms_key, settings.stage, topic, log, telemetry, datetime.now(UTC))
    try:
        teller = Teller(settings.stage, topic, log)
        parameters = Parameters.connect(settings.parameter_root)
        vault, known = Vault.connect(settings.bucket), parameters.options()
        late = watch(
            vault,
            known,
            settings.punctuality,
            parameters.known_since,
            teller.tell,
            telemetry,
            now,
            seen,
        )
    except SnapperError as error:
        telemetry.emit(
            "watch.failed", kind=type(error).__name__, reason=str(error), hint=error.hint
        )
        raise
    finally:
        # What was not listed to its end would be forgotten.
        if known is not None and found.keys() == known.keys():
            if settings.replica:
                copied = replace(teller, words=messages, seen=WATCHED, named=BEHIND)
                _watch_copies(settings, filter(None, expected.values()), copied, telemetry, now)
            if settings.summary and found:
                _summarize(vault, found, telemetry, locked=bool(settings.object_lock))
    return {"late": late}


def _watch_copies(
    settings: WatcherSettings,
    expected: Iterable[Due],
    teller: Teller,
    telemetry: Telemetry,
    now: datetime,
) -> None:
    """Tell what is not copied. What keeps it from that is told, not raised: silence rings too."""
    try:
        replica = Vault.connect(settings.replica, settings.replica_region)
        watch_copies(replica, list(expected), teller.tell, telemetry, now)
    except SnapperError as error:
        telemetry.emit(
            "replica.failed", kind=type(error).__name__, reason=str(error), hint=error.hint
        )


def _summarize(vault: Vault, found: Found, telemetry: Telemetry, *, locked: bool) -> None:
    """Keep the summaries. Without them all is slower, and nothing else: it is told, not raised."""
    try:
        summarize(vault, found, telemetry, locked_for=SUMMARIES if locked else None)
    except SnapperError as error:
        telemetry.emit(
            "summary.failed", kind=type(error).__name__, reason=str(error), hint=error.hint
        )

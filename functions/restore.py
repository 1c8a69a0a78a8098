"""One restore in a container of AWS Batch: what a laptop's line would make take days.

Whoever has ordered it follows it by these events; see `snapper/values/cloud_restore.py`.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import FrameType

from functions.defect import place_of
from functions.telemetry import Telemetry
from snapper.aws import client as aws
from snapper.aws.store import Store
from snapper.aws.vault import Vault
from snapper.engines.engine import engine_of
from snapper.engines.facts import RestoreOptions
from snapper.errors import (
    AwsFailed,
    BackupDamaged,
    RestoreFailed,
    SettingsError,
    SnapperError,
)
from snapper.machine.memory import give_back_large_blocks
from snapper.values.cloud_restore import (
    BEGAN,
    ENDED,
    FAILED,
    PROGRESS,
    REPORTED,
    UNTOLD,
    WARNED,
    CloudRestore,
    in_a_line,
    in_pieces,
)
from snapper.values.container import CONTAINER, FAREWELL, PAYLOAD
from snapper.values.job import write_time
from snapper.values.manifest import Manifest
from snapper.values.settings import TARGETS, RestorerSettings, target_parameter
from snapper.values.visible import one_line
from snapper.verbs.choice import find
from snapper.verbs.restore_report import to_dict
from snapper.verbs.restoring import Done, Wish, bring_back, checked, refuse_sealed
from snapper.verbs.unpacked import Progress

DEFECT = 1
"""The exit status after a defect of ours."""

_PAUSE = 5.0
"""Seconds between two lines that say how far it is."""

_LAST_WORDS = 5.0
"""Seconds before SIGKILL at which the end is told, whatever is still awaited."""


class Ended(BaseException):
    """The container was told to end: no `except Exception` on the way takes it for a failure."""


def main(environment: Mapping[str, str]) -> int:
    """Do the restore that the environment holds; give the exit status, 0 if it ended well."""
    give_back_large_blocks()
    settings = RestorerSettings.from_env(environment)
    telemetry = Telemetry(CONTAINER, settings.stage)
    telemetry.note(job=environment.get("AWS_BATCH_JOB_ID", ""))
    try:
        restore = CloudRestore.from_json(environment.get(PAYLOAD, ""))
    except SnapperError as error:
        return _tell(telemetry, error, error)
    telemetry.note(**restore.identity)
    work = partial(restored, settings, restore, telemetry)
    status = do(partial(endable, work, partial(despair, telemetry)), telemetry)
    # As of any container: its very last line may be lost on its way.
    telemetry.emit("job.ended", status=status)
    return status


def do(work: Callable[[], Done], telemetry: Telemetry) -> int:
    """Restore once, and tell how it ended; give the exit status.

    It is never tried again: what is there after a failure is for the operator to look at.
    """
    try:
        done = work()
    except SnapperError as error:
        return _tell(telemetry, error, error)
    except Ended as left:
        reason = RestoreFailed(
            "the container was told to end before the restore was done",
            hint="somebody has ended it in AWS Batch, its time was over, or AWS took the machine"
            " away",
        )
        return _tell(telemetry, reason, left)
    except Exception as error:
        # A defect of ours must be as loud as any failure, but its text may hold anything.
        telemetry.emit(FAILED, **place_of(error), now=_notes(error))
        return DEFECT
    pieces = in_pieces(to_dict(done))
    for number, piece in enumerate(pieces):
        telemetry.emit(REPORTED, number=number, piece=piece)
    telemetry.emit(ENDED, seconds=done.seconds or 0.0, pieces=len(pieces))
    return 0


def endable(work: Callable[[], Done], give_up: Callable[[], None]) -> Done:
    """Let SIGTERM end the work in order, and nothing else: what came of it is told in any case.

    `give_up` is called in a thread of its own then, and ends the process if nothing else does.
    """

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        threading.Thread(target=give_up, name="farewell", daemon=True).start()
        raise Ended

    signal.signal(signal.SIGTERM, end)
    try:
        return work()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def despair(
    telemetry: Telemetry,
    patience: float = FAREWELL.total_seconds() - _LAST_WORDS,
    leave: Callable[[int], None] = os._exit,
) -> None:
    """Tell of the end before we are killed, if the session has not ended by then."""
    time.sleep(patience)
    reason = RestoreFailed("the container was told to end, and its session did not end in time")
    reason.add_note(UNTOLD)
    leave(_tell(telemetry, reason, reason))


def restored(settings: RestorerSettings, restore: CloudRestore, telemetry: Telemetry) -> Done:
    """Restore the backup that was ordered; raises what `bring_back` does, and refuses another."""
    vault = Vault.connect(settings.bucket)
    manifest = _manifest(vault, restore)
    refuse_sealed(manifest)
    engine = engine_of(manifest.engine, clients=Path(settings.clients))
    target = engine.trusting(_target(settings, restore.into), settings.ca_bundle)
    return bring_back(
        vault,
        manifest,
        target,
        engine,
        checked(wish_of(restore)),
        warn=lambda sentence: telemetry.emit(WARNED, warning=in_a_line(sentence)),
        bars=partial(bars, telemetry),
    )


def wish_of(restore: CloudRestore) -> Wish:
    """Give the options as the verb knows them; values of rows are never shown in a log."""
    return Wish(
        create=restore.create,
        force=restore.force,
        over_source=restore.over_source,
        create_roles=restore.create_roles,
        options=RestoreOptions(
            strict=restore.strict,
            best_effort=restore.best_effort,
            no_owner=restore.no_owner,
            no_privileges=restore.no_privileges,
            final_name=restore.final_name,
            jobs=restore.jobs,
        ),
    )


def _manifest(vault: Vault, restore: CloudRestore) -> Manifest:
    """Read the manifest that the operator has seen; raises BackupDamaged if it is another now."""
    found = find(vault, restore.database, restore.taken_at, exactly=True)
    raw = vault.read(found.key)
    if sha256(raw).hexdigest() != restore.manifest_sha256:
        raise BackupDamaged(
            f"the manifest of the backup of {restore.database} at {write_time(restore.taken_at)}"
            " is not the one that was seen when this restore was ordered",
            hint="somebody has changed it since: look at the bucket's versions of it",
        )
    return Manifest.from_json(raw)


def _target(settings: RestorerSettings, key: str) -> str:
    name = target_parameter(settings.parameter_root, key)
    try:
        return Store(aws.client("ssm")).value(name)
    except AwsFailed as error:
        if "ParameterNotFound" not in str(error):
            raise
        raise SettingsError(
            f"{TARGETS} of this stage has no row {key}",
            hint=f"add a row {key},connection,TYPE to those that it has: pulumi config set --secret"
            f" {TARGETS} … --stack {settings.stage}, then pulumi up --stack {settings.stage}",
        ) from None


@contextmanager
def bars(
    telemetry: Telemetry, what: str, size: int, /, *, checks: bool, pause: float = _PAUSE
) -> Iterator[tuple[Progress, Progress]]:
    """Tell that it begins, and every some seconds how far it is."""
    telemetry.emit(
        BEGAN, what=what, place=what.partition(" to ")[2], bytes=size, checks=int(checks)
    )
    so_far, lock = {"checked": 0, "restored": 0}, threading.Lock()
    told = time.monotonic()

    def progress(which: str, count: int) -> None:
        nonlocal told
        with lock:  # several sessions may be at work
            so_far[which] = count
            if count < size and time.monotonic() - told < pause:
                return
            told = time.monotonic()
            telemetry.emit(PROGRESS, **so_far)

    yield partial(progress, "checked"), partial(progress, "restored")


def _tell(telemetry: Telemetry, reason: SnapperError, error: BaseException) -> int:
    telemetry.emit(
        FAILED,
        kind=type(reason).__name__,
        reason=in_a_line(str(reason)),
        hint=in_a_line(reason.hint),
        now=_notes(error),
    )
    return reason.exit_code


def _notes(error: BaseException) -> str:
    """Give each note in one line: a name within one begins none of its own."""
    return in_a_line("\n".join(map(one_line, getattr(error, "__notes__", ()))))


if __name__ == "__main__":
    sys.exit(main(os.environ))

"""What doctor says of the drills of a database: when it was last proven, and what is in the way."""

from collections.abc import Sequence
from datetime import datetime

from snapper.cli import render
from snapper.sealing.recipient import Recipient
from snapper.values.drill_identity import opens
from snapper.values.finding import Finding, ok, warning
from snapper.values.fit import TOO_LARGE, misfit, misfit_of_container
from snapper.values.job import write_time
from snapper.values.manifest import Manifest
from snapper.values.program import PROGRAM
from snapper.values.proving import OFF
from snapper.values.trial import Trial
from snapper.values.verification import WITHOUT_OPENING
from snapper.verbs.catalog import Listed
from snapper.verbs.proven import Proven

SUBJECT = "proof"

# What a function has, without what it keeps for telling how it ended.
_SECONDS = 870.0

NO_PROVER = warning(
    SUBJECT,
    "no backup is restored for the proof by itself: an older release deployed this stage",
    "pulumi up",
)


def examine_proof(
    database: str,
    backups: Sequence[Listed],
    proven: Proven,
    trial: Trial | None,
    disk_gb: str,
    now: datetime,
    *,
    hands_over: bool = False,
    identity: str = "",
) -> Finding:
    """Give one finding; `disk_gb` and `identity` are what the signpost says that the prover has.

    `hands_over` is whether containers prove what is too large for it.
    """
    off = bool(proven.proving and proven.proving.frequency == OFF)
    if trial and (failed := trial.verdict.unrestorable):
        return warning(
            SUBJECT,
            f"the backup at {write_time(trial.begun_at)} was not proven on {failed.at:%Y-%m-%d}: "
            f"{failed.reason}",
            f"{PROGRAM} drill {database} --wait tries the newest one; {PROGRAM} verify {database} "
            "--accept REASON says why that is no reason to worry",
        )
    newest = next((each.manifest for each in backups if each.manifest and not each.flaw), None)
    if newest and not off and newest.recipients and (shut := _shut(newest, identity)):
        return warning(SUBJECT, f"{shut}{_restored(proven, now)}", _opening(database))
    if newest and not off:
        disk = int(disk_gb) << 30 if disk_gb.isdecimal() else 0
        large = misfit_of_container(newest) if hands_over else misfit(newest, disk, _SECONDS)
        if large:
            return warning(
                SUBJECT,
                f"the newest backup is {large}",
                _elsewhere(database),
            )
    if proven.is_unproven(now) and proven.since:
        return warning(
            SUBJECT,
            f"no backup was restored for the proof for {render.age(now - proven.since)}",
            f"{PROGRAM} drill {database} --wait does it now, {PROGRAM} failures shows what failed",
        )
    if proven.at and proven.restored:
        tables = render.number(proven.restored.tables, "table")
        return ok(
            SUBJECT,
            f"a backup was restored {render.age(now - proven.at)} ago: {tables}, "
            f"{proven.restored.rows:,} rows in {proven.restored.seconds:.1f} s",
        )
    if off:
        return ok(SUBJECT, "its option drill is off: no backup is restored by itself")
    if trial and (accepted := trial.verdict.failed):
        return ok(SUBJECT, f"none was restored yet, which is accepted: {accepted.reason}")
    if trial:
        return warning(
            SUBJECT,
            f"the backup at {write_time(trial.begun_at)} was read whole, and is {TOO_LARGE}, or of"
            " another major than the server here takes",
            _elsewhere(database),
        )
    return ok(SUBJECT, "none was restored yet: the first drill comes within a day of a backup")


def _shut(newest: Manifest, identity: str) -> str:
    """Say why drills cannot open a sealed backup; nothing if they can."""
    recipients = [Recipient(each) for each in newest.recipients]
    if not identity:
        return (
            "the newest backup is sealed, and the stage has no drillIdentity: of each is"
            f" {WITHOUT_OPENING}, and none is restored by itself"
        )
    if opens(identity, (each.digest for each in recipients)):
        return ""
    names = ", ".join(each.short for each in recipients)
    return f"the stage's drillIdentity does not open the newest backup, which is sealed for {names}"


def _restored(proven: Proven, now: datetime) -> str:
    return f"; the last one was restored {render.age(now - proven.at)} ago" if proven.at else ""


def _opening(database: str) -> str:
    return (
        f"{PROGRAM} verify {database} --restore --identity FILE restores it on your machine;"
        " pulumi config set --secret drillIdentity has drills do it, or set its option drill to off"
    )


def _elsewhere(database: str) -> str:
    return (
        f"{PROGRAM} verify {database} --restore proves it on your machine; a larger drillDiskGb"
        " or largeDatabases may do, or set its option drill to off"
    )

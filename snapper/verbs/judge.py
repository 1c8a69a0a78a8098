"""What is found out about one backup: read whole, restored if that is wanted, and recorded."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime

from snapper.aws.vault import Vault
from snapper.errors import AwsFailed, BackupDamaged, NoKey, SnapperError, WrongKey
from snapper.values.manifest import Manifest
from snapper.values.trial import Trial
from snapper.values.verification import Restored, Verification
from snapper.verbs.catalog import read_manifest
from snapper.verbs.holding import Holding
from snapper.verbs.trial import attempt, earlier_verdict, record_trial
from snapper.verbs.unsealed import Backups, Opening, without_key
from snapper.verbs.verify import placed, record, verify, verify_unopened

Restore = Callable[[Backups, Manifest], Restored]
Reading = Callable[[Manifest], AbstractContextManager[Callable[[int], None]]]
"""Is entered while a backup is read, and gives what to call with the bytes so far."""


@dataclass(frozen=True)
class Judged:
    """A verdict; what kept the backup from being restored, and the verdict from being recorded."""

    verdict: Verification
    manifest: Manifest | None = None
    error: SnapperError | None = None
    unrecorded: AwsFailed | None = None


def judge(
    vault: Vault,
    holding: Holding,
    now: datetime,
    restore: Restore | None = None,
    reading: Reading = lambda _: nullcontext(lambda _: None),
    opening: Opening = without_key,
    *,
    keep: bool = True,
) -> Judged:
    """Judge one backup, known to be damaged or not, and record the verdict if it is to be kept.

    What `restore` raises is in the result; so is why a sealed backup is not opened, of which then
    is proven what can be without. Raises AwsFailed where the backup cannot be read, and
    SettingsError where it is of an engine that this release does not know.
    """
    try:
        manifest = read_manifest(vault, holding)
    except BackupDamaged as damage:
        unreadable = Verification(now, "", sound=False, reason=str(damage))
        damaged = Judged(unreadable)
        return _recorded(vault, holding, damaged) if keep else damaged
    backups, verdict, error = _read(vault, manifest, now, reading, opening)
    if restore and backups and verdict.sound:
        opened = backups
        verdict, error = attempt(verdict, lambda: restore(opened, manifest))
    tried = bool(verdict.restored or verdict.failed)
    judged = Judged(verdict.after(earlier_verdict(vault, holding, manifest)), manifest, error)
    trial = Trial(holding.taken_at, manifest.begun_at, judged.verdict) if tried else None
    return _recorded(vault, holding, judged, trial) if keep else judged


def _read(
    vault: Vault, manifest: Manifest, now: datetime, reading: Reading, opening: Opening
) -> tuple[Backups | None, Verification, SnapperError | None]:
    """Give where the backup can be read, what was found by reading it whole, and what is amiss."""
    with reading(manifest) as progress:
        try:
            backups = opening(vault, manifest)
            verdict = verify(backups, manifest, now, progress)
        except (NoKey, WrongKey) as shut:
            return None, verify_unopened(vault, manifest, now, progress), shut
        except BackupDamaged as damage:  # of what tells which keys open it
            backups = None
            verdict = Verification(now, manifest.sha256, sound=False, reason=str(damage))
        return backups, placed(vault, manifest, verdict, progress), None


def _recorded(vault: Vault, holding: Holding, judged: Judged, trial: Trial | None = None) -> Judged:
    """Record the verdict; one that cannot be is given all the same."""
    try:
        record(vault, holding.database, holding.taken_at, judged.verdict)
        if trial:
            record_trial(vault, holding.database, trial)
    except AwsFailed as failed:
        return replace(judged, unrecorded=failed)
    return judged

"""Restoring a backup for the proof: what came of it is remembered until a later one is proven."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from snapper.aws.vault import StoredObject, Vault
from snapper.engines.facts import TrialOptions
from snapper.errors import AwsFailed, BackupDamaged, RestoreFailed, SettingsError, SnapperError
from snapper.values.clock import AHEAD, is_ahead
from snapper.values.deadline import NO_DEADLINE, Deadline
from snapper.values.keys import Kind, trial_key
from snapper.values.manifest import Manifest
from snapper.values.program import PROGRAM
from snapper.values.trial import Trial
from snapper.values.verification import (
    LONGEST_REASON,
    Accepted,
    FailedTrial,
    Restored,
    Verification,
)
from snapper.verbs.catalog import holding_at, read_manifest, verdict_on
from snapper.verbs.contents import read_contents
from snapper.verbs.holding import Holding
from snapper.verbs.summary import NOTHING_KNOWN, Summary
from snapper.verbs.unsealed import Backups
from snapper.verbs.verify import prove, record

# A reason is a line for people; what a statement holds beyond it is nobody's business here.
_LONGEST_REASON = 500
_VALUES = re.compile(r" (?:DETAIL|CONTEXT): .*")

# The same failure must read the same the next time, to be known again.
_PASSING = re.compile(r"\S*snapper-(?:unfinished-)?[0-9a-f]{8}\S*")


def attempt(
    verdict: Verification, restore: Callable[[], Restored]
) -> tuple[Verification, SnapperError | None]:
    """Restore a sound backup; give the verdict with what came of it, and what stopped it.

    A restore that failed for what the server lacks, or because it was not there, says nothing of
    the backup: then the verdict is as it was.
    """
    try:
        return prove(verdict, restore), None
    except RestoreFailed as failed:
        if not failed.against_backup:
            return verdict, failed
        reason = _PASSING.sub("…", _VALUES.sub("", str(failed).partition("\n")[0]))
        reason = reason[:_LONGEST_REASON]
        return replace(verdict, failed=FailedTrial(verdict.verified_at, reason)), failed
    except SnapperError as error:
        return verdict, error


def to_be_proven(
    vault: Backups,
    manifest: Manifest,
    assertions: tuple[str, ...],
    deadline: Deadline = NO_DEADLINE,
) -> TrialOptions:
    """Give what must be true of a restored backup: what is in its list, and the assertions.

    A list that is not the one that was made with it is a failed trial: the dump may be whole all
    the same, and is not called damaged for it.
    """
    try:
        return TrialOptions(read_contents(vault, manifest), assertions, deadline)
    except BackupDamaged as damage:
        raise RestoreFailed(
            f"{damage}: so there is nothing to hold its rows against, and it was not tried",
            hint="the dump is as it was stored, and a restore needs no list; the bucket may still"
            " have an earlier version of this one, and the next backup has its own: until that is"
            f" proven, {PROGRAM} verify {manifest.database} --accept REASON says why that is no"
            " reason to worry",
            against_backup=True,
        ) from None


def last_trial(vault: Vault, database: str, now: datetime | None = None) -> Trial | None:
    """Read what is known of the last trial.

    Raises BackupDamaged if it cannot be read, or is stamped later than now: it would hide all later
    ones.
    """
    key = trial_key(database)
    stored = next((each for each in vault.list(key) if each.key == key), None)
    return read_trial(vault, stored, now)


def read_trial(
    vault: Vault,
    stored: StoredObject | None,
    now: datetime | None = None,
    known: Summary = NOTHING_KNOWN,
) -> Trial | None:
    """Read the same of a record that was listed; it may be known already. Raises the same."""
    if stored is None:
        return None
    text = known.record(stored)
    trial = Trial.from_json(vault.read(stored.key) if text is None else text)
    limit = min(now or datetime.now(UTC), stored.changed_at)
    if any(is_ahead(at, limit) for at in trial.times):
        raise BackupDamaged(f"the record of the last trial is {AHEAD}")
    return trial


def known_trial(vault: Vault, database: str, now: datetime | None = None) -> Trial | None:
    """Read the same; a record that cannot be read says nothing, and the next trial replaces it."""
    try:
        return last_trial(vault, database, now)
    except BackupDamaged:
        return None


def record_trial(vault: Vault, database: str, trial: Trial, now: datetime | None = None) -> None:
    """Remember a trial; of an older backup than the last one's only when it was proven.

    One that proves nothing remembers since when nothing was proven.
    """
    known = known_trial(vault, database, now)
    proven, since = trial.verdict.proven_at, known.unproven_since if known else None
    if known and known.begun_at > trial.begun_at:
        if proven is None or (since and proven <= since):
            return
        trial = replace(known, since=proven)
    elif not proven:
        trial = replace(trial, since=since or trial.verdict.verified_at)
    vault.put(trial_key(database), trial.to_json().encode())


def accept_trial(vault: Vault, database: str, by: str, reason: str, now: datetime) -> Trial:
    """Record the operator's word for the trial that failed, with it and beside its backup.

    Raises SettingsError if none has failed, BackupDamaged if the record cannot be read.
    """
    if len(reason) > LONGEST_REASON:
        raise SettingsError(f"a reason has at most {LONGEST_REASON:,} letters")
    trial = last_trial(vault, database, now)
    if trial is None or trial.verdict.failed is None:
        raise SettingsError(
            f"there is no failed trial of {database} to accept",
            hint=f"{PROGRAM} status shows those that failed",
        )
    failed = replace(trial.verdict.failed, accepted=Accepted(now, by, reason))
    accepted = replace(trial, verdict=replace(trial.verdict, failed=failed))
    vault.put(trial_key(database), accepted.to_json().encode())
    _record_beside(vault, database, accepted)
    return accepted


def earlier_verdict(vault: Vault, holding: Holding, manifest: Manifest) -> Verification | None:
    """Give what was known of a backup so far; a record that cannot be read is nothing to keep.

    Nor may it keep a new verdict from being shown.
    """
    try:
        return verdict_on(vault, holding, manifest)
    except (BackupDamaged, AwsFailed):
        return None


def _record_beside(vault: Vault, database: str, trial: Trial) -> None:
    """Record an accepted trial beside its backup, if that is still there and the same."""
    holding = holding_at(vault, database, trial.taken_at)
    if Kind.MANIFEST not in holding.objects:
        return
    try:
        known = verdict_on(vault, holding, read_manifest(vault, holding))
    except BackupDamaged:
        return
    if known and known.failed and trial.verdict.failed:
        accepted = replace(known.failed, accepted=trial.verdict.failed.accepted)
        record(vault, database, trial.taken_at, replace(known, failed=accepted))

"""Order a restore that a container of AWS Batch does, once, or find one that was ordered."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from snapper.aws.batch import Batch, Found
from snapper.aws.logs import Logs
from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged, BackupInProgress, SettingsError
from snapper.values.cloud_restore import ENDED, FAILED, CloudRestore, restore_container_name
from snapper.values.manifest import Manifest
from snapper.values.program import PROGRAM

CLOCKS_DIFFER = timedelta(minutes=5)
"""How much earlier a log may begin than Batch, or we, say."""

_POLL_SECONDS = 2.0
_LOOKS = 90
"""At what has said how it ended, until Batch knows it too: three minutes."""


@dataclass(frozen=True)
class Ordered:
    """A restore in a container: its name, by which it is found again, and Batch's own id.

    It was `joined` if the very same one was under way already.
    """

    name: str
    identifier: str
    at: datetime
    joined: bool = False


def digest_of(vault: Vault, manifest: Manifest) -> str:
    """Give the SHA-256 of a manifest as it lies in the vault; raise BackupDamaged if it changes."""
    raw = vault.read(manifest.key)
    if Manifest.from_json(raw) != manifest:
        raise BackupDamaged(
            f"{manifest.key} was just replaced", hint="look who writes to the bucket"
        )
    return hashlib.sha256(raw).hexdigest()


def order(
    batch: Batch, logs: Logs, restore: CloudRestore, sleep: Callable[[float], None] = time.sleep
) -> Ordered:
    """Have a container do it, unless one is at the very same; raises AwsFailed.

    One that has said how it ended is at nothing any more, though Batch learns of it only some
    seconds later. Raises BackupInProgress if it does not.
    """
    name = restore_container_name(restore)
    for _ in range(_LOOKS):
        found = next((each for each in batch.found(name) if each.state.is_under_way), None)
        if not found:
            return Ordered(
                name, batch.submit(restore.to_json(), name, restore.size), restore.ordered_at
            )
        if not _has_said_its_end(found, logs):
            return Ordered(name, found.identifier, found.submitted_at, joined=True)
        sleep(_POLL_SECONDS)
    raise BackupInProgress(
        f"{name} has said how it ended, and is still under way in AWS Batch",
        hint="order it again in some minutes",
    )


def _has_said_its_end(found: Found, logs: Logs) -> bool:
    since = found.submitted_at - CLOCKS_DIFFER
    return any(
        event.name in (ENDED, FAILED) and event.fields.get("job") == found.identifier
        for event in logs.events(since, f'"{found.identifier}"')
    )


def ordered(batch: Batch, name: str) -> Ordered:
    """Find the newest restore of this name; raises SettingsError if Batch knows none, AwsFailed."""
    for found in batch.found(name):
        return Ordered(name, found.identifier, found.submitted_at, joined=True)
    raise SettingsError(
        f"AWS Batch knows no restore {name}",
        hint="it forgets one some days after its end; a restore says its name when it begins",
    )


def goes_on(name: str, stage: str) -> str:
    """Say how one that is not waited for any more can be followed again."""
    return f"the restore goes on; {PROGRAM} restore --follow {name} --stage {stage} follows it"

"""Read a backup back whole, and record beside it what was found."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from snapper.aws.vault import Vault
from snapper.engines.checked_dump import TAIL
from snapper.engines.engine import engine_of
from snapper.errors import BackupDamaged
from snapper.values.keys import object_key
from snapper.values.manifest import Manifest
from snapper.values.verification import Restored, Verification
from snapper.verbs.restore import read_back
from snapper.verbs.unopened import read_unopened
from snapper.verbs.unsealed import Backups


def verify(
    backups: Backups,
    manifest: Manifest,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> Verification:
    """Judge a backup by reading it whole: size, SHA-256, gzip, end marker; a sealed one is opened.

    `progress` is given the compressed bytes read so far. Damage is a verdict, not an error: raises
    AwsFailed only where the object cannot be read.
    """
    try:
        for _ in whole_dump(backups, manifest, progress):
            pass
    except BackupDamaged as damage:
        return Verification(now, manifest.sha256, sound=False, reason=str(damage))
    return Verification(now, manifest.sha256, sound=True)


def verify_unopened(
    vault: Vault,
    manifest: Manifest,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> Verification:
    """Judge a sealed backup without a key: size, SHA-256, and the header by which keys open it."""
    try:
        read_unopened(vault, manifest, progress)
    except BackupDamaged as damage:
        return Verification(now, manifest.sha256, sound=False, reason=str(damage))
    return Verification.without_opening(now, manifest.sha256)


def placed(
    vault: Vault,
    manifest: Manifest,
    verdict: Verification,
    progress: Callable[[int], None] = lambda _: None,
) -> Verification:
    """Say of a sealed backup that is damaged whether the damage is inside of what was stored."""
    if verdict.sound or not manifest.recipients:
        return verdict
    closed = verify_unopened(vault, manifest, verdict.verified_at, progress)
    return replace(verdict, inside=True) if closed.sound else verdict


def prove(verdict: Verification, restore: Callable[[], Restored]) -> Verification:
    """Add to a verdict what came of restoring the backup; raises what `restore` does but damage."""
    try:
        return replace(verdict, restored=restore(), restored_at=verdict.verified_at)
    except BackupDamaged as damage:
        return replace(verdict, sound=False, reason=str(damage))


def whole_dump(
    backups: Backups,
    manifest: Manifest,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[bytes]:
    """Give the checked dump of a backup; raise BackupDamaged if its end is not a dump's end."""
    tail = b""
    for piece in read_back(backups, manifest, progress):
        tail = (tail + piece[-TAIL:])[-TAIL:]
        yield piece
    if not engine_of(manifest.engine).ends_well(tail):
        raise BackupDamaged(f"{manifest.dump_key} does not end as a dump does")


def record(vault: Vault, database: str, at: datetime, verdict: Verification) -> None:
    """Keep the verdict beside the backup of that time, where its kind can be seen in a listing.

    Of a sound and an unsound one the newer counts: one write changes what is thought of a backup,
    with nothing in between, and nobody needs the right to delete.
    """
    vault.put(object_key(database, at, verdict.kind), verdict.to_json().encode())

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


def verify(
    vault: Vault,
    manifest: Manifest,
    now: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> Verification:
    """Judge a backup by reading it whole: size, SHA-256, gzip, end marker.

    `progress` is given the compressed bytes read so far. Damage is a verdict, not an error: raises
    AwsFailed only where the object cannot be read.
    """
    try:
        for _ in whole_dump(vault, manifest, progress):
            pass
    except BackupDamaged as damage:
        return Verification(now, manifest.sha256, sound=False, reason=str(damage))
    return Verification(now, manifest.sha256, sound=True)


def prove(verdict: Verification, restore: Callable[[], Restored]) -> Verification:
    """Add to a verdict what came of restoring the backup; raises what `restore` does but damage."""
    try:
        return replace(verdict, restored=restore(), restored_at=verdict.verified_at)
    except BackupDamaged as damage:
        return replace(verdict, sound=False, reason=str(damage))


def whole_dump(
    vault: Vault,
    manifest: Manifest,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[bytes]:
    """Give the checked dump of a backup; raise BackupDamaged if its end is not a dump's end."""
    tail = b""
    for piece in read_back(vault, manifest, progress):
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

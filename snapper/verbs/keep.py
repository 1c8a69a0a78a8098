"""Pin a backup, so that retention leaves it alone, and let it go again.

A pin is an object beside the backup, whose name says until when: so the pruner, which may only
list, sees it. Nothing else knows of it: it outlives whatever is configured, and the database.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from snapper.aws.vault import Vault
from snapper.errors import AlreadyStored, BackupNotFound
from snapper.values.job import write_time
from snapper.values.keys import Kind
from snapper.values.pin import Pin, pin_key
from snapper.verbs.catalog import holding_at
from snapper.verbs.choice import find
from snapper.verbs.holding import Holding
from snapper.verbs.pins import pins_of

Warn = Callable[[str], None]


def meant(
    vault: Vault,
    database: str,
    at: datetime | None,
    warn: Warn,
    now: datetime,
    *,
    exactly: bool,
) -> Holding:
    """Give the backup that is meant: as `find` does, or the very one of a name.

    One that is named may be damaged, a half, or nothing but pins of what is gone. Raises
    BackupNotFound, BackupDamaged, AwsFailed.
    """
    if at is None or not exactly:
        found = find(vault, database, at, warn, even_damaged=True, now=now)
        return holding_at(vault, database, found.scheduled_at, now)
    holding = holding_at(vault, database, at, now)
    if not (holding.objects or holding.pins):
        raise BackupNotFound(
            f"there is no backup of {database} of {write_time(at)} in {vault.bucket}"
        )
    return holding


def pin(vault: Vault, holding: Holding, wanted: Pin, *, dry_run: bool = False) -> bool:
    """Pin a backup; tell whether there was no pin yet that lasts until this very time.

    That one stays as it is: who has pinned it first, and why. Raises BackupNotFound for what is
    gone, also if it goes meanwhile: then the pin goes too.
    """
    if not holding.objects:
        raise _gone(holding)
    key = pin_key(holding.database, holding.taken_at, wanted.until)
    if dry_run:
        return wanted.until not in holding.pins
    new = False
    with suppress(AlreadyStored):
        vault.make(key, wanted.to_json())
        new = True
    left = holding_at(vault, holding.database, holding.taken_at, holding.seen_at)
    if _parts(holding) - _parts(left):
        if new:
            vault.delete(key)
        raise _gone(holding)
    return new


def unpin(vault: Vault, holding: Holding, *, dry_run: bool = False) -> tuple[Pin, ...]:
    """Take all pins of a backup away, and give those that still held it.

    Raises BackupNotFound if none did.
    """
    held = pins_of(vault, holding)
    if not held:
        at = write_time(holding.begun_at)
        raise BackupNotFound(f"the backup of {holding.database} at {at} is not pinned")
    for stored in () if dry_run else holding.pins.values():
        vault.delete(stored.key)
    return held


def _parts(holding: Holding) -> set[Kind]:
    return set(holding.objects) - {Kind.VERIFICATION, Kind.DAMAGED}


def _gone(holding: Holding) -> BackupNotFound:
    at = write_time(holding.begun_at)
    return BackupNotFound(
        f"the backup of {holding.database} at {at} is gone",
        hint="retention may just have deleted it; for noncurrentDays it can be recovered",
    )

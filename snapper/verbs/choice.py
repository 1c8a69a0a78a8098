"""Which of a database's backups is meant: the newest good one, up to a time or of a name."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from snapper.aws.vault import Vault
from snapper.errors import BackupDamaged, BackupNotFound, NoneGood
from snapper.values.clock import AHEAD
from snapper.values.job import write_time
from snapper.values.manifest import Manifest
from snapper.verbs.catalog import Listed, holding_at, read_manifest, readable
from snapper.verbs.holding import Holding

Warn = Callable[[str], None]


def find(
    vault: Vault,
    database: str,
    at: datetime | None = None,
    warn: Warn = lambda _: None,
    *,
    exactly: bool = False,
    even_damaged: bool = False,
    now: datetime | None = None,
) -> Manifest:
    """Read the manifest of the newest good backup, or the newest one begun not after `at`.

    `exactly` means the backup that is named after `at`, whenever it was begun. `warn` is given a
    sentence for each backup that is passed over because it is known to be damaged, or stamped later
    than now. One that was named by its very time is not passed over: it is refused, or warned of if
    `even_damaged`. One that cannot be read, such as an archived one, is in the way only if it is
    the one. Raises BackupNotFound, BackupDamaged, AwsFailed, and what `read_manifest` does.
    """
    found = _found(vault, database, at, warn, exactly=exactly, now=now)
    first, named = _read(found[0]), exactly or _is_of(found[0], at)
    if not first.flaw or (named and even_damaged):
        if first.flaw:
            warn(f"the backup of {database} at {_time(first)} is {first.flaw}")
        return first.manifest or read_manifest(vault, holding_at(vault, database, first.taken_at))
    if first.manifest is None:
        with suppress(BackupDamaged):  # that of an engine which came later is no damage
            read_manifest(vault, holding_at(vault, database, first.taken_at))
    if named:
        raise BackupDamaged(f"the backup of {database} at {_time(first)} is {first.flaw}")
    good = next((_read(each) for each in found if not each.damage), None)
    if good is None or good.manifest is None:
        raise NoneGood(
            f"the backup of {database} at {_time(first)} is {first.flaw}, and no older one is good"
        )
    for each in found[: found.index(good)]:
        warn(f"passed over the backup of {database} at {_time(each)}, as damaged: {each.damage}")
    return good.manifest


def newest(
    vault: Vault,
    database: str,
    at: datetime | None = None,
    *,
    exactly: bool = False,
    now: datetime | None = None,
) -> Holding:
    """Give the same as `find` would, but pass over no damage: to judge it is what it is for."""
    found = _found(vault, database, at, lambda _: None, exactly=exactly, now=now)
    if found[0].ahead:
        raise BackupDamaged(f"the backup of {database} at {_time(found[0])} is {AHEAD}")
    return holding_at(vault, database, found[0].taken_at, now)


def _found(
    vault: Vault,
    database: str,
    at: datetime | None,
    warn: Warn,
    *,
    exactly: bool,
    now: datetime | None,
) -> list[Listed]:
    """Give those that may be meant, newest first; raise BackupNotFound if there is none.

    What is stamped later than now is not among them, unless it was named by its very time.
    """
    found = []
    there = readable(vault, database, now)
    for each in there if at and not exactly else ():
        if each.taken_at == at != each.begun_at:
            warn(f"the backup that was due at {write_time(at)} was begun at {_time(each)} only")
    for each in _meant(there, at, exactly=exactly):
        if each.ahead and not (exactly or _is_of(each, at)):
            warn(f"passed over the backup of {database} at {_time(each)}: it is {AHEAD}")
        else:
            found.append(each)
    if not found:
        raise _not_found(vault, database, at, exactly=exactly)
    return found


def _meant(found: Sequence[Listed], at: datetime | None, *, exactly: bool) -> list[Listed]:
    if at is None:
        return list(found)
    if exactly:
        return [each for each in found if each.taken_at == at]
    return [each for each in found if _is_of(each, at) or _begun(each) <= at]


def _read(listed: Listed) -> Listed:
    if listed.unread:
        raise listed.unread
    return listed


def _is_of(listed: Listed, at: datetime | None) -> bool:
    """Tell whether this is the backup's own time, as `list` shows it."""
    return listed.begun_at == at


def _begun(listed: Listed) -> datetime:
    return listed.manifest.started_at if listed.manifest else listed.begun_at


def _not_found(
    vault: Vault, database: str, at: datetime | None, *, exactly: bool
) -> BackupNotFound:
    limit = "" if at is None else f" {'of' if exactly else 'at or before'} {write_time(at)}"
    return BackupNotFound(f"there is no backup of {database}{limit} in {vault.bucket}")


def _time(listed: Listed) -> str:
    return write_time(listed.begun_at)

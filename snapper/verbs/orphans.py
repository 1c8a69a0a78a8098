"""What is left of databases that the stage no longer has: nothing prunes it by itself."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from snapper.aws.vault import StoredObject, Vault
from snapper.errors import BackupNotFound, SettingsError
from snapper.values.keys import DATABASE_KEY, Kind, parse_key, parse_mark, prefix, trial_key
from snapper.values.pin import parse_pin, said_until
from snapper.values.program import PROGRAM
from snapper.values.retention import Verdict
from snapper.verbs.bury import Undertaker, bury_each
from snapper.verbs.catalog import holdings
from snapper.verbs.holding import Holding
from snapper.verbs.prune import NO_TRACE, delete, locked_until

GONE = "the stage no longer has this database"

MOST = 100
"""Folders that are looked at: whoever may write to the bucket can make any number."""


@dataclass(frozen=True)
class Orphan:
    """A folder of backups that is no database's of the stage; the bytes are of all its objects."""

    database: str
    backups: int
    stored_bytes: int


def orphans(vault: Vault, known: Collection[str]) -> list[Orphan]:
    """Give what is left of others than the known databases; a folder of others' is none."""
    return list(islice(_orphans(vault, known), MOST))


def require_orphan(database: str, known: Collection[str]) -> None:
    """Raise SettingsError for what may not be swept: a database of the stage, or no key at all."""
    if not DATABASE_KEY.fullmatch(database):
        raise SettingsError(f"{database} is no key that a database could have had")
    if database in known:
        raise SettingsError(
            f"the stage backs up {database}, so its backups are nobody's leftovers",
            hint="--orphan is for a key that is no longer in the secrets",
        )
    if not known:
        raise SettingsError("the stage says of no database that it has it, so none is left over")


def require_something(vault: Vault, database: str) -> None:
    """Raise BackupNotFound if there is no object of Snapper's under the key."""
    if next(_ours(vault, database), None) is None:
        raise BackupNotFound(
            f"there is nothing of {database} in {vault.bucket}",
            hint=f"{PROGRAM} status names the keys that the stage has lost",
        )


def sweep(
    vault: Vault,
    database: str,
    *,
    dry_run: bool,
    undertaker: Undertaker = NO_TRACE,
    locked: bool = False,
) -> list[Verdict]:
    """Delete all that Snapper itself has made under the key, the oldest first; give every verdict.

    What is pinned stays, and nobody else's object is touched. Each has a tombstone before any
    is deleted; what cannot be read, and so has none, stays, and is raised at the end. `locked` is
    as for `prune`.
    """
    found = holdings(vault, database)
    verdicts = [_swept(holding) for holding in found]
    doomed = {
        holding.taken_at: (holding, GONE)
        for holding, verdict in reversed([*zip(found, verdicts, strict=True)])
        if not (verdict.keep or dry_run)
    }
    stay = bury_each(undertaker, doomed)
    until: dict[datetime, datetime | None] = {}
    for at, (holding, _) in doomed.items():
        if at not in stay:
            until[at] = locked_until(vault, holding) if locked else None
            delete(vault, holding)
    for error in stay.values():
        raise error
    if not dry_run and any(vault.list(trial_key(database))):
        vault.delete(trial_key(database))
    return [replace(each, locked_until=until.get(each.entry.taken_at)) for each in verdicts]


def _swept(holding: Holding) -> Verdict:
    entry = holding.entry.as_of(holding.seen_at)
    pinned = said_until(entry.pinned) if entry.pinned else ""
    return Verdict(entry, bool(pinned), f"{GONE}, {pinned}" if pinned else GONE)


def _orphans(vault: Vault, known: Collection[str]) -> Iterator[Orphan]:
    strangers = (folder for folder in vault.folders() if folder not in known)
    for folder in islice(filter(DATABASE_KEY.fullmatch, strangers), 10 * MOST):
        if objects := list(_ours(vault, folder)):
            manifests = sum(1 for each in objects if each.key.endswith(Kind.MANIFEST))
            yield Orphan(folder, manifests, sum(each.size for each in objects))


def _ours(vault: Vault, database: str) -> Iterator[StoredObject]:
    for stored in vault.list(prefix(database)):
        key = stored.key
        named = parse_key(database, key) or parse_mark(database, key) or parse_pin(database, key)
        if named or key == trial_key(database):
            yield stored

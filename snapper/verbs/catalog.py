"""Which backups there are: the bucket itself is the truth."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from snapper.aws.vault import StoredObject, Vault
from snapper.engines.engine import engine_of
from snapper.errors import AwsFailed, BackupDamaged, SettingsError
from snapper.values.keys import Kind, object_key, parse_key, parse_mark, prefix
from snapper.values.manifest import Manifest
from snapper.values.retention import SMALLEST_DUMP, Entry
from snapper.values.verification import Verification

# Manifests are small and far away: some are read at once.
_READERS = 8


@dataclass(frozen=True)
class Holding:
    """The objects that lie in the vault for one database at one scheduled time."""

    database: str
    taken_at: datetime
    objects: dict[Kind, StoredObject] = field(default_factory=dict)
    marks: dict[datetime, StoredObject] = field(default_factory=dict)

    @property
    def entry(self) -> Entry:
        """What retention needs to know of it, by the listing alone: the dumper may read nothing."""
        dump = self.objects.get(Kind.DUMP)
        too_small = dump is not None and dump.size < SMALLEST_DUMP
        damaged = too_small or self.verdict is Kind.DAMAGED
        return Entry(self.taken_at, frozenset(self.objects), damaged, max(self.marks, default=None))

    @property
    def begun_at(self) -> datetime:
        """The one time by which backups are ordered; see `Manifest.begun_at`."""
        return self.entry.begun_at

    @property
    def verdict(self) -> Kind | None:
        """The kind of the verdict that counts: the newest, and of two in one second the worse.

        One that is older than the dump counts for nothing: what lies there now, nobody has read.
        """
        dump = self.objects.get(Kind.DUMP)
        changed = {kind: stored.changed_at for kind, stored in self.objects.items()}
        verdicts = [
            kind
            for kind in (Kind.DAMAGED, Kind.VERIFICATION)
            if dump and kind in changed and changed[kind] >= dump.changed_at
        ]
        return max(verdicts, key=lambda kind: changed[kind], default=None)

    @property
    def manifest_key(self) -> str:
        """The key of the object that makes it a backup."""
        return object_key(self.database, self.taken_at, Kind.MANIFEST)


def holdings(vault: Vault, database: str) -> list[Holding]:
    """Give everything of ours under exactly this database's prefix, newest first: as it was begun.

    Objects that are not named as Snapper names them are not ours, and not mentioned.
    """
    return _group(database, vault.list(prefix(database)))


def holding_at(vault: Vault, database: str, at: datetime) -> Holding:
    """Give what lies there for one scheduled time; its `objects` are empty if there is nothing."""
    # One listing under the stem of the keys: a HEAD would need the right to read the backup.
    stem = object_key(database, at, Kind.MANIFEST).removesuffix(Kind.MANIFEST)
    found = _group(database, vault.list(stem))
    return found[0] if found else Holding(database, at)


def backups(vault: Vault, database: str) -> list[Holding]:
    """Give the backups of one database, newest first: whatever has a manifest.

    Also one whose dump is gone: Snapper writes a manifest last and removes it first, so somebody
    else took the dump away, and that must be seen.
    """
    return [found for found in holdings(vault, database) if Kind.MANIFEST in found.objects]


def read_manifest(vault: Vault, holding: Holding) -> Manifest:
    """Read the manifest of a backup and hold it against the listing.

    Raises BackupDamaged if it belongs elsewhere, or the object is gone or has another size, and
    SettingsError if it is of an engine that this release does not know.
    """
    manifest = Manifest.from_json(vault.read(holding.manifest_key).decode(errors="replace"))
    engine_of(manifest.engine).check_part(manifest)
    if manifest.key != holding.manifest_key:
        raise BackupDamaged(f"{holding.manifest_key} is the manifest of {manifest.dump_key}")
    listed = holding.objects.get(Kind.DUMP)
    if listed is None:
        raise BackupDamaged(f"{manifest.dump_key} is gone, its manifest is still there")
    if listed.size != manifest.backup_bytes:
        raise BackupDamaged(
            f"{manifest.dump_key} has {listed.size} bytes, "
            f"its manifest says {manifest.backup_bytes}"
        )
    return manifest


def to_public(manifest: Manifest) -> dict[str, Any]:
    """Give a manifest as JSON values without what may be a secret, to be printed for anybody."""
    return replace(manifest, part=engine_of(manifest.engine).public_part(manifest)).to_dict()


@dataclass(frozen=True)
class Listed:
    """One backup as an operator sees it; `fault` says why there is no manifest.

    `unread` is what kept us from reading what lies there, which says nothing about it; `listed_at`
    is when it was begun, by the listing alone.
    """

    taken_at: datetime
    manifest: Manifest | None
    verification: Verification | None = None
    fault: str = ""
    unread: AwsFailed | None = None
    listed_at: datetime | None = None

    @property
    def begun_at(self) -> datetime:
        """The one time by which backups are ordered; see `Manifest.begun_at`."""
        return self.manifest.begun_at if self.manifest else self.listed_at or self.taken_at

    @property
    def damage(self) -> str:
        """What is known to be wrong with it; nothing if nothing is."""
        if self.fault or self.verification is None or self.verification.sound:
            return self.fault
        return self.verification.reason or "found unsound"


def listing(vault: Vault, database: str) -> list[Listed]:
    """Read what is known of every backup, newest first; damage is in the result, not raised."""
    found = readable(vault, database)
    for each in found:
        if each.unread:
            raise each.unread
    return found


def readable(vault: Vault, database: str) -> list[Listed]:
    """Give the same, but what could not be read is no reason to raise either."""
    with ThreadPoolExecutor(_READERS) as readers:
        found = list(readers.map(lambda each: _known(vault, each), backups(vault, database)))
    return sorted(found, key=lambda each: (each.begun_at, each.taken_at), reverse=True)


def _known(vault: Vault, holding: Holding) -> Listed:
    try:
        return _listed(vault, holding)
    except AwsFailed as failure:
        return Listed(holding.taken_at, None, unread=failure, listed_at=holding.begun_at)


def _listed(vault: Vault, holding: Holding) -> Listed:
    try:
        manifest = read_manifest(vault, holding)
    except (BackupDamaged, SettingsError) as fault:
        return Listed(holding.taken_at, None, fault=str(fault), listed_at=holding.begun_at)
    try:
        verification = verdict_on(vault, holding, manifest)
    except BackupDamaged as damage:
        return Listed(holding.taken_at, manifest, fault=str(damage))
    return Listed(holding.taken_at, manifest, verification)


def verdict_on(vault: Vault, holding: Holding, manifest: Manifest) -> Verification | None:
    """Read the verdict on a backup; one that speaks of another object counts for nothing.

    Raises BackupDamaged if it cannot be read.
    """
    if holding.verdict is None:
        return None
    key = holding.objects[holding.verdict].key
    verdict = Verification.from_json(vault.read(key).decode(errors="replace"))
    return verdict if verdict.sha256 == manifest.sha256 else None


def _group(database: str, objects: Iterable[StoredObject]) -> list[Holding]:
    found: dict[datetime, Holding] = {}
    for stored in objects:
        if parsed := parse_key(database, stored.key):
            at, kind = parsed
            found.setdefault(at, Holding(database, at)).objects[kind] = stored
        elif marked := parse_mark(database, stored.key):
            at, begun_at = marked
            found.setdefault(at, Holding(database, at)).marks[begun_at] = stored
    return sorted(found.values(), key=lambda each: (each.begun_at, each.taken_at), reverse=True)

"""Which backups there are: the bucket itself is the truth."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from snapper.aws.vault import StoredObject, Vault
from snapper.engines.engine import engine_of
from snapper.errors import AwsFailed, BackupDamaged, ObjectGone, ObjectUnreadable, SettingsError
from snapper.values.clock import AHEAD
from snapper.values.keys import Kind, object_key, parse_key, parse_mark, prefix
from snapper.values.manifest import Manifest
from snapper.values.omission import Omission
from snapper.values.pin import Pin, parse_pin
from snapper.values.verification import Verification
from snapper.verbs.holding import Holding
from snapper.verbs.pins import pins_of
from snapper.verbs.summary import NOTHING_KNOWN, Summary

# Manifests are small and far away: some are read at once.
_READERS = 8


def holdings(vault: Vault, database: str, now: datetime | None = None) -> list[Holding]:
    """Give everything of ours under exactly this database's prefix, newest first: as it was begun.

    Objects that are not named as Snapper names them are not ours, and not mentioned. Here and below
    `now` is the clock's own time where none is given.
    """
    return grouped(database, vault.list(prefix(database)), now or datetime.now(UTC))


def holding_at(vault: Vault, database: str, at: datetime, now: datetime | None = None) -> Holding:
    """Give what lies there for one scheduled time; its `objects` are empty if there is nothing."""
    seen_at = now or datetime.now(UTC)
    # One listing under the stem of the keys: a HEAD would need the right to read the backup.
    stem = object_key(database, at, Kind.MANIFEST).removesuffix(Kind.MANIFEST)
    found = grouped(database, vault.list(stem), seen_at)
    return found[0] if found else Holding(database, at, seen_at)


def backups(vault: Vault, database: str, now: datetime | None = None) -> list[Holding]:
    """Give the backups of one database, newest first: whatever has a manifest.

    Also one whose dump is gone: Snapper writes a manifest last and removes it first, so somebody
    else took the dump away, and that must be seen.
    """
    return [found for found in holdings(vault, database, now) if Kind.MANIFEST in found.objects]


def read_manifest(vault: Vault, holding: Holding, known: Summary = NOTHING_KNOWN) -> Manifest:
    """Read the manifest of a backup and hold it against the listing.

    Who only shows it may take it from what is known already. Raises BackupDamaged if it belongs
    elsewhere, or the object is gone or has another size, and SettingsError if it is of an engine
    that this release does not know.
    """
    text = known.record(holding.objects.get(Kind.MANIFEST))
    manifest = Manifest.from_json(vault.read(holding.manifest_key) if text is None else text)
    engine_of(manifest.engine).check_part(manifest)
    if manifest.key != holding.manifest_key:
        raise BackupDamaged(f"{holding.manifest_key} is the manifest of {manifest.dump_key}")
    listed = holding.objects.get(manifest.dump_kind)
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
    return manifest.to_dict(engine_of(manifest.engine).public_part(manifest))


@dataclass(frozen=True)
class Listed:
    """One backup as an operator sees it; `fault` says why there is no manifest.

    `unread` is what kept us from reading what lies there, which says nothing about it; `listed_at`
    is when it was begun, by the listing alone. It is `ahead` if it bears a time that is still to
    come; so is its verdict, if `doubt` says so and there is none.
    """

    taken_at: datetime
    manifest: Manifest | None
    verification: Verification | None = None
    fault: str = ""
    unread: AwsFailed | None = None
    listed_at: datetime | None = None
    ahead: bool = False
    doubt: str = ""
    pins: tuple[Pin, ...] = ()

    @property
    def begun_at(self) -> datetime:
        """The one time by which backups are ordered; see `Manifest.begun_at`."""
        if self.manifest and not self.ahead:
            return self.manifest.begun_at
        return self.listed_at or self.taken_at

    @property
    def omitted(self) -> tuple[Omission, ...]:
        """What its database had and it does not hold."""
        return engine_of(self.manifest.engine).omitted(self.manifest) if self.manifest else ()

    @property
    def damage(self) -> str:
        """What is known to be wrong with it; nothing if nothing is."""
        if self.fault or self.verification is None or self.verification.sound:
            return self.fault
        return self.verification.reason or "found unsound"

    @property
    def flaw(self) -> str:
        """Why it is not to be restored, as the end of a sentence; nothing if nothing is."""
        if self.ahead:
            return AHEAD
        return f"damaged: {self.damage}" if self.damage else ""


def listing(vault: Vault, database: str, now: datetime | None = None) -> list[Listed]:
    """Read what is known of every backup, newest first; damage is in the result, not raised.

    So is that one was stored so that nobody can read it.
    """
    return told(readable(vault, database, now))


def readable(vault: Vault, database: str, now: datetime | None = None) -> list[Listed]:
    """Give the same, but what could not be read is no reason to raise either."""
    with ThreadPoolExecutor(_READERS) as readers:
        found = readers.map(lambda each: known_of(vault, each), backups(vault, database, now))
        return in_order(found)


def in_order(found: Iterable[Listed | None]) -> list[Listed]:
    """Give those that are there still, newest first."""
    there = [each for each in found if each]
    return sorted(there, key=lambda each: (each.begun_at, each.taken_at), reverse=True)


def told(found: Iterable[Listed]) -> list[Listed]:
    """Take it for damage where nobody can read one; raise AwsFailed for all else."""
    there = list(found)
    for each in there:
        if each.unread and not isinstance(each.unread, ObjectUnreadable):
            raise each.unread
    return [
        replace(each, fault=each.fault or str(each.unread)) if each.unread else each
        for each in there
    ]


def known_of(vault: Vault, holding: Holding, known: Summary = NOTHING_KNOWN) -> Listed | None:
    """Say what is known of a backup; None if it was pruned since it was listed."""
    try:
        return _listed(vault, holding, known)
    except AwsFailed as failure:
        if isinstance(failure, ObjectGone) and not _is_there(vault, holding):
            return None
        return replace(_bare(vault, holding), unread=failure)


def _is_there(vault: Vault, holding: Holding) -> bool:
    seen = holding_at(vault, holding.database, holding.taken_at)
    return Kind.MANIFEST in seen.objects


def _listed(vault: Vault, holding: Holding, known: Summary) -> Listed:
    try:
        manifest = read_manifest(vault, holding, known)
    except (BackupDamaged, SettingsError) as damage:
        return replace(_bare(vault, holding), fault=str(damage))
    verdict, fault, doubt = None, "", ""
    try:
        verdict = _read_verdict(vault, holding, manifest, known)
    except BackupDamaged as damage:
        fault = str(damage)
    if verdict and _proves_nothing(verdict, holding):
        verdict, doubt = None, f"its verdict is {AHEAD}"
    stored = holding.objects[Kind.MANIFEST]
    return Listed(
        holding.taken_at,
        manifest,
        verdict,
        fault,
        listed_at=holding.begun_at,
        ahead=holding.ahead or holding.stamps_ahead(stored, *manifest.times),
        doubt=doubt,
        pins=pins_of(vault, holding),
    )


def _bare(vault: Vault, holding: Holding) -> Listed:
    """Say what the listing alone knows, and who has pinned it."""
    at, pins = holding.begun_at, pins_of(vault, holding)
    return Listed(holding.taken_at, None, listed_at=at, ahead=holding.ahead, pins=pins)


def verdict_on(vault: Vault, holding: Holding, manifest: Manifest) -> Verification | None:
    """Read the verdict on a backup; one that speaks of another object counts for nothing.

    Nor does good news that is stamped later than now: it would outlive every true verdict. Raises
    BackupDamaged if it cannot be read.
    """
    verdict = _read_verdict(vault, holding, manifest)
    return None if verdict and _proves_nothing(verdict, holding) else verdict


def _read_verdict(
    vault: Vault, holding: Holding, manifest: Manifest, known: Summary = NOTHING_KNOWN
) -> Verification | None:
    kind = holding.verdict
    if kind is None:
        return None
    stored = holding.objects[kind]
    text = known.record(stored)
    verdict = Verification.from_json(vault.read(stored.key) if text is None else text)
    if verdict.kind is not kind:
        raise BackupDamaged(f"{stored.key} says something else than its name")
    return verdict if verdict.sha256 == manifest.sha256 else None


def _proves_nothing(verdict: Verification, holding: Holding) -> bool:
    stored = holding.objects[verdict.kind]
    return verdict.sound and holding.stamps_ahead(stored, *verdict.times)


def grouped(database: str, objects: Iterable[StoredObject], seen_at: datetime) -> list[Holding]:
    """Group the objects of one database by what they belong to, newest first."""
    found: dict[datetime, Holding] = {}
    for stored in objects:
        if parsed := parse_key(database, stored.key):
            at, kind = parsed
            found.setdefault(at, Holding(database, at, seen_at)).objects[kind] = stored
        elif marked := parse_mark(database, stored.key):
            at, begun_at = marked
            found.setdefault(at, Holding(database, at, seen_at)).marks[begun_at] = stored
        elif pinned := parse_pin(database, stored.key):
            at, until = pinned
            found.setdefault(at, Holding(database, at, seen_at)).pins[until] = stored
    return sorted(found.values(), key=lambda each: (each.begun_at, each.taken_at), reverse=True)

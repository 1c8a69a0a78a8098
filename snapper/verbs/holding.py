"""What lies in the vault for one scheduled time, and what the listing alone says of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from snapper.aws.vault import StoredObject
from snapper.values.clock import is_ahead
from snapper.values.keys import DUMPS, Kind, object_key
from snapper.values.retention import SMALLEST_DUMP, Entry


@dataclass(frozen=True)
class Holding:
    """The objects that lie in the vault for one database at one scheduled time.

    `seen_at` is when the vault was listed, by the clock of who asked. `marks` are by when it was
    begun, `pins` by until when it is kept.
    """

    database: str
    taken_at: datetime
    seen_at: datetime
    objects: dict[Kind, StoredObject] = field(default_factory=dict)
    marks: dict[datetime, StoredObject] = field(default_factory=dict)
    pins: dict[datetime, StoredObject] = field(default_factory=dict)

    @property
    def dumps(self) -> list[StoredObject]:
        """The dump, sealed or not, and where two deliveries differed in that both: older first."""
        found = (self.objects[kind] for kind in DUMPS if kind in self.objects)
        return sorted(found, key=lambda each: each.changed_at)

    @property
    def dump(self) -> StoredObject | None:
        """The dump, whichever is there; of two the older, which no later object can hide.

        Which of the two is the backup only the manifest says.
        """
        return next(iter(self.dumps), None)

    @property
    def entry(self) -> Entry:
        """What retention needs to know of it, by the listing alone: the pruner may read nothing."""
        dump = self.dump
        too_small = dump is not None and dump.size < SMALLEST_DUMP
        damaged = too_small or self.verdict is Kind.DAMAGED
        return Entry(
            self.taken_at,
            frozenset(self.objects),
            damaged,
            self._late_at,
            self.ahead,
            stored_at=max((each.changed_at for each in self.objects.values()), default=None),
            pinned=max(self.pins, default=None),
        )

    @property
    def is_good(self) -> bool:
        """Whether it is complete and, by the listing alone, not known to be damaged or forged."""
        return self.entry.complete and not (self.entry.damaged or self.ahead)

    @property
    def ahead(self) -> bool:
        """Whether its name is of a time that was still to come when it was stored, or still is."""
        kept = [self.objects[kind] for kind in (*DUMPS, Kind.MANIFEST) if kind in self.objects]
        return any(self.stamps_ahead(stored, self.taken_at) for stored in (*kept, None))

    @property
    def _late_at(self) -> datetime | None:
        """When it was begun late, by its marks; one that is ahead of its own making is forged."""
        if not self.marks:
            return None
        marks = self.marks.items()
        return max((at for at, mark in marks if not self.stamps_ahead(mark, at)), default=None)

    def stamps_ahead(self, stored: StoredObject | None, *times: datetime) -> bool:
        """Tell whether an object bears a time that is ahead of now, or of when S3 took it."""
        limit = min(self.seen_at, stored.changed_at) if stored else self.seen_at
        return any(is_ahead(at, limit) for at in times)

    @property
    def begun_at(self) -> datetime:
        """The one time by which backups are ordered; see `Manifest.begun_at`."""
        return max(self.taken_at, self._late_at or self.taken_at)

    @property
    def verdict(self) -> Kind | None:
        """The kind of the verdict that counts: the newest, and of two in one second the worse.

        One that is older than the dump counts for nothing: what lies there now, nobody has read.
        """
        dump = self.dump
        if Kind.DAMAGED not in self.objects and Kind.VERIFICATION not in self.objects:
            return None
        changed = {kind: stored.changed_at for kind, stored in self.objects.items()}
        verdicts = [
            kind
            for kind in (Kind.DAMAGED, Kind.VERIFICATION)
            if dump and kind in changed and changed[kind] >= dump.changed_at
        ]
        return max(verdicts, key=lambda kind: changed[kind], default=None)

    @property
    def records(self) -> list[StoredObject]:
        """What has to be read to know this backup: manifest and verdict; nothing if it is none."""
        kinds = (Kind.MANIFEST, self.verdict) if Kind.MANIFEST in self.objects else ()
        return [self.objects[kind] for kind in kinds if kind]

    @property
    def manifest_key(self) -> str:
        """The key of the object that makes it a backup."""
        return object_key(self.database, self.taken_at, Kind.MANIFEST)


def newest_good(found: Iterable[Holding]) -> Holding | None:
    """Give the first of these backups that is good, by the listing alone."""
    return next((each for each in found if each.is_good), None)

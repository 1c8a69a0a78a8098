"""The JSON that makes a backup exist: written last, removed first."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Self, cast

from snapper.errors import BackupDamaged
from snapper.values import document
from snapper.values.chain import FIELD, Link
from snapper.values.document import read_document
from snapper.values.job import write_time
from snapper.values.keys import Kind, database_key, object_key
from snapper.values.seal import SEAL, is_sealed, write_sealed

VERSION = 1
SEALED_VERSION = 2
"""Of a sealed backup, which releases that know no seal then refuse to read."""

FIRST_ENGINE = "POSTGRES"
"""The TYPE of what does not say its own: backups and stages of releases that knew no other."""

# A function that starts cold, a queue that is long: so much is nothing to speak of.
_LATE = timedelta(minutes=15)


@dataclass(frozen=True)
class Manifest:
    """What is known of one backup.

    Sizes are bytes: `database_bytes` as the server reports it, `dump_bytes` of the plain dump,
    `backup_bytes` of the stored object whose SHA-256 (hexadecimal) is `sha256`. One that is sealed
    for `recipients` holds a gzip of `packed_bytes` and `packed_sha256`; every other is the gzip.
    `source` is a digest by which the same database is known again, `contents` the SHA-256 of the
    list of what is in the backup; nothing where there is none. `jobs` is how many programs made it
    at once. `chain` is its place among the signed ones, if it is signed. `part` is what the engine
    adds: its fields stand beside the others, and only the engine reads and writes them. It may hold
    secrets, so it is in no `repr`.
    """

    database: str
    database_name: str
    scheduled_at: datetime
    started_at: datetime
    finished_at: datetime
    snapper_version: str
    server_version: str
    source: str
    encrypted_connection: bool
    database_bytes: int
    dump_bytes: int
    backup_bytes: int
    sha256: str
    engine: str = FIRST_ENGINE
    contents: str = ""
    jobs: int = 1
    recipients: tuple[str, ...] = ()
    packed_bytes: int = 0
    packed_sha256: str = ""
    contents_in_clear: bool = False
    chain: Link | None = None
    part: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def dump_kind(self) -> Kind:
        """The kind of the object that this manifest vouches for: sealed, or not."""
        return Kind.SEALED if self.recipients else Kind.DUMP

    @property
    def dump_key(self) -> str:
        """The key of the object that this manifest vouches for."""
        return object_key(self.database, self.scheduled_at, self.dump_kind)

    @property
    def contents_key(self) -> str:
        """The key of the list of contents, if there is one."""
        sealed = self.recipients and not self.contents_in_clear
        kind = Kind.SEALED_CONTENTS if sealed else Kind.CONTENTS
        return object_key(self.database, self.scheduled_at, kind)

    @property
    def gzip_bytes(self) -> int:
        """The bytes of the gzip, be it sealed or not: ranges of the list are counted in them."""
        return self.packed_bytes if self.recipients else self.backup_bytes

    @property
    def gzip_sha256(self) -> str:
        """The SHA-256 of the gzip, be it sealed or not."""
        return self.packed_sha256 if self.recipients else self.sha256

    @property
    def key(self) -> str:
        """The key under which the manifest itself lies."""
        return object_key(self.database, self.scheduled_at, Kind.MANIFEST)

    @property
    def times(self) -> tuple[datetime, ...]:
        """All times that it bears."""
        return self.scheduled_at, self.started_at, self.finished_at

    @property
    def late(self) -> bool:
        """Whether it was begun so long after its time that people would expect another state in it.

        A job that was tried again holds what was there when that attempt began.
        """
        return self.started_at - self.scheduled_at > _LATE

    @property
    def begun_at(self) -> datetime:
        """The one time by which backups are ordered: when it was due, or begun if that was late."""
        return self.started_at if self.late else self.scheduled_at

    def to_dict(self, part: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Give the manifest as JSON values, with its version and the object it vouches for.

        Another `part` may stand in place of its own.
        """
        plain = {
            name: _write(value)
            for name in _READERS
            if (value := getattr(self, name)) != _UNSAID.get(name)
        }
        shown = self.part if part is None else part
        version = SEALED_VERSION if self.recipients else VERSION
        return {"version": version, "object": self.dump_key, **plain, **shown}

    def to_json(self) -> str:
        """Write the manifest as it lies in the vault."""
        return write_sealed(self.to_dict())

    @classmethod
    def from_json(cls, raw: bytes | str) -> Self:
        """Read a manifest; raise BackupDamaged if it is not as it was written."""
        try:
            found = read_document(raw)
            sealed = is_sealed(found)
        except ValueError as error:
            raise BackupDamaged(f"{_STRANGE}: {error}") from None
        if "version" not in found or type(found["version"]) is not int:
            raise BackupDamaged(f"{_STRANGE}: it has no version")
        if found["version"] not in {VERSION, SEALED_VERSION}:
            raise BackupDamaged(
                f"the manifest has version {found['version']}, this Snapper reads {VERSION} and"
                f" {SEALED_VERSION}"
            )
        values = _read(found)
        part = {name: value for name, value in found.items() if name not in _FOREIGN}
        manifest = cls(**cast("dict[str, Any]", {**values, "part": part}))
        if found.get("object") != manifest.dump_key:
            raise BackupDamaged(f"the manifest {manifest.key} belongs to another object")
        if not sealed:
            raise BackupDamaged(f"the manifest {manifest.key} was changed after it was written")
        return manifest


_STRANGE = "the manifest is not as Snapper writes one"

_READERS: dict[str, Callable[[object], object]] = {
    "database": database_key,
    "database_name": document.name,
    "scheduled_at": document.time,
    "started_at": document.time,
    "finished_at": document.time,
    "snapper_version": document.word,
    "server_version": document.word,
    "source": document.word,
    "encrypted_connection": document.flag,
    "database_bytes": document.size,
    "dump_bytes": document.size,
    "backup_bytes": document.size,
    "sha256": document.sha256,
    "engine": document.word,
    "contents": document.sha256,
    "jobs": document.size,
    "recipients": document.recipients,
    "packed_bytes": document.size,
    "packed_sha256": document.sha256,
    "contents_in_clear": document.flag,
    FIELD: Link.from_dict,
}
"""Who reads each field of its own."""

_NEEDED = frozenset(
    each.name for each in fields(Manifest) if each.default is MISSING and each.name in _READERS
)
_FOREIGN = frozenset({*_READERS, "version", "object", SEAL})
"""Fields that are no engine's."""

_UNSAID = {
    "contents": "",
    "jobs": 1,
    "recipients": (),
    "packed_bytes": 0,
    "packed_sha256": "",
    "contents_in_clear": False,
    FIELD: None,
}
"""What stands in no manifest, as in those of releases that knew nothing else."""

_OF_SEALED = frozenset({"recipients", "packed_bytes", "packed_sha256"})
"""What stands in the manifest of each sealed backup."""
_ONLY_SEALED = _OF_SEALED | {"contents_in_clear"}
"""What stands in no other."""


def _write(value: object) -> object:
    if isinstance(value, datetime):
        return write_time(value)
    if isinstance(value, Link):
        return value.to_dict()
    return list(value) if isinstance(value, tuple) else value


def _read(found: Mapping[str, Any]) -> dict[str, object]:
    name, values = "", dict[str, object]()
    needed = _NEEDED | (_OF_SEALED if found["version"] == SEALED_VERSION else set())
    try:
        for name, read in _READERS.items():
            if name in found or name in needed:
                values[name] = read(found[name])
        name = min(_ONLY_SEALED & values.keys(), default="")
        if name and found["version"] != SEALED_VERSION:
            raise ValueError("that of a sealed backup")
    except KeyError:
        raise BackupDamaged(f"{_STRANGE}: it has no {name}") from None
    except ValueError as error:
        raise BackupDamaged(f"{_STRANGE}: its {name} is {error}") from None
    return values

"""The JSON that makes a backup exist: written last, removed first."""

import json
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Self, cast

from snapper.engines.postgresql.properties import Properties
from snapper.engines.postgresql.release import release
from snapper.errors import BackupDamaged
from snapper.values.job import read_time, write_time
from snapper.values.keys import Kind, object_key
from snapper.values.seal import is_sealed, write_sealed

VERSION = 1

# A function that starts cold, a queue that is long: so much is nothing to speak of.
_LATE = timedelta(minutes=15)


@dataclass(frozen=True)
class Manifest:
    """What is known of one backup.

    Sizes are bytes: `database_bytes` as the server reports it, `dump_bytes` of plain SQL,
    `backup_bytes` of the compressed object whose SHA-256 (hexadecimal) is `sha256`.
    `source` is a digest by which the same database is known again; `roles` are those that own
    something in it or have a right on it, which a dump names but does not hold. `properties` is
    what is set on the database itself, which a dump neither names nor holds; backups of Snappers
    that did not know it lack it.
    """

    database: str
    database_name: str
    scheduled_at: datetime
    started_at: datetime
    finished_at: datetime
    snapper_version: str
    server_version: str
    pg_dump_version: str
    source: str
    encoding: str
    roles: tuple[str, ...]
    encrypted_connection: bool
    database_bytes: int
    dump_bytes: int
    backup_bytes: int
    sha256: str
    properties: Properties | None = None

    @property
    def dump_key(self) -> str:
        """The key of the object that this manifest vouches for."""
        return object_key(self.database, self.scheduled_at, Kind.DUMP)

    @property
    def key(self) -> str:
        """The key under which the manifest itself lies."""
        return object_key(self.database, self.scheduled_at, Kind.MANIFEST)

    @property
    def server_major(self) -> int:
        """The major release of the server that was dumped."""
        return release(self.server_version)[0]

    @property
    def late(self) -> bool:
        """Whether it was begun so long after its time that people would expect another state in it.

        A job that was tried again holds what was there when that attempt began.
        """
        return self.started_at - self.scheduled_at > _LATE

    def to_dict(self) -> dict[str, Any]:
        """Give the manifest as JSON values, with its version and the object it vouches for."""
        plain = {
            name: write_time(value) if isinstance(value, datetime) else value
            for name, value in asdict(self).items()
        }
        return {"version": VERSION, "object": self.dump_key, **plain}

    def to_told(self) -> dict[str, Any]:
        """Give the same without the values of settings: what is told may be read by anybody."""
        told = self.to_dict()
        for setting in (told["properties"] or {}).get("settings", ()):
            del setting["value"]
        return told

    def to_json(self) -> str:
        """Write the manifest as it lies in the vault."""
        return write_sealed(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a manifest; raise BackupDamaged if it is not as it was written."""
        try:
            found = json.loads(text)
            if found["version"] != VERSION:
                raise BackupDamaged(
                    f"a manifest has version {found['version']!r}, this Snapper reads {VERSION}"
                )
            values = {
                field.name: _read(field.type, found[field.name])
                for field in fields(cls)
                if field.name in found or field.default is MISSING
            }
            manifest = cls(**cast("dict[str, Any]", values))
            vouched, sealed = found["object"], is_sealed(found)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BackupDamaged(f"a manifest cannot be read: {type(error).__name__}") from None
        if vouched != manifest.dump_key:
            raise BackupDamaged(f"the manifest {manifest.key} vouches for another object")
        if not sealed:
            raise BackupDamaged(f"the manifest {manifest.key} was changed after it was written")
        return manifest


def _read(kind: object, value: object) -> object:
    if kind == tuple[str, ...]:
        if not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            raise TypeError
        return tuple(value)
    if kind is datetime:
        return read_time(cast("str", value))
    if kind == Properties | None:
        return None if value is None else Properties.from_dict(cast("dict[str, Any]", value))
    if type(value) is not kind:
        raise TypeError
    return value

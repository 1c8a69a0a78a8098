"""The wish to restore one backup in a container of AWS Batch, and what that tells of itself.

The wish holds no secret: it names the target by its key in the secret `RESTORE_CONN_STRINGS`, which
the container alone may read. That its manifest is the one that the operator has seen is in it, too.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from snapper.errors import SettingsError
from snapper.values.container import LARGEST, Size, named, size_for
from snapper.values.document import flag, read_document, sha256, size
from snapper.values.job import read_time, write_time
from snapper.values.keys import DATABASE_KEY, database_key

VERSION = 1

BEGAN, WARNED, PROGRESS = "restore.began", "restore.warned", "restore.progress"
REPORTED, ENDED, FAILED = "restore.reported", "restore.ended", "restore.failed"
"""The events on a container's log. Each has what `identity` gives, and `job`, Batch's own id.

- began: `what`, `place`, `bytes` of the object, `checks` (0 or 1); warned: `warning`;
- progress: the bytes `checked` and `restored` so far;
- reported: a `piece` of the report, by its `number`; ended: there are so many `pieces`;
- failed: `kind`, `reason`, `hint`, and what is there `now`, a line for each note; a defect of ours
  has its `file` and `line` in place of reason and hint.
"""

UNTOLD = (
    "what it had not committed is not in the target; a new database has its name only if it is"
    " whole, unless that was ordered otherwise by --final-name"
)
"""What is known of a target that nobody has looked at after the end."""

_LONGEST_VERSION = 20
_USUAL_JOBS = 4
_SINGLE = 2
_PIECE = 6000
"""Characters of a report in one line of a log: awslogs parts a line after 16 KB."""
_WORDS = 4000
"""Characters, as JSON writes them, of each of the three texts that a line may hold."""


@dataclass(frozen=True)
class CloudRestore:
    """One backup by its scheduled time and the SHA-256 of its manifest, `into` which target, how.

    Each option is what the command line calls so; `over_source` is the key of the database that
    the backup was made of, or empty. With `jobs` 0 the container decides.
    """

    database: str
    taken_at: datetime
    manifest_sha256: str
    into: str
    ordered_at: datetime
    create: bool = False
    force: bool = False
    over_source: str = ""
    create_roles: bool = False
    no_owner: bool = False
    no_privileges: bool = False
    strict: bool = False
    best_effort: bool = False
    final_name: bool = False
    jobs: int = 0

    @property
    def identity(self) -> dict[str, str]:
        """Give what names it in events: strings only, as logs have them."""
        return {
            "database": self.database,
            "taken_at": write_time(self.taken_at),
            "into": self.into,
            "ordered_at": write_time(self.ordered_at),
            "manifest_sha256": self.manifest_sha256,
        }

    @property
    def size(self) -> Size:
        """How large a container does it: one processor for each session that may restore."""
        return size_for((self.jobs or _USUAL_JOBS) if self.create else _SINGLE)

    def to_json(self) -> str:
        """Write it as the payload of a container; no release takes it for a job or a drill."""
        options = {name: getattr(self, name) for name in _OPTIONS}
        return json.dumps(
            {
                "version": VERSION,
                "restore": self.database,
                "taken_at": write_time(self.taken_at),
                "manifest_sha256": self.manifest_sha256,
                "into": self.into,
                "ordered_at": write_time(self.ordered_at),
                "options": {name: value for name, value in options.items() if value},
            }
        )

    @classmethod
    def from_json(cls, body: str) -> Self:
        """Read a payload; raise SettingsError if it is not a restore of this version.

        An option that is not known is refused: it would be another restore without it.
        """
        try:
            found = read_document(body)
            version, database, into = found["version"], found["restore"], found["into"]
            taken_at, ordered_at = (read_time(found[name]) for name in ("taken_at", "ordered_at"))
            digest, options = sha256(found["manifest_sha256"]), _options(found["options"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SettingsError(
                f"a message of {len(body)} characters is not a restore",
                hint="only snapper restore --in-cloud orders one",
            ) from None
        if version != VERSION:
            told = repr(version)[:_LONGEST_VERSION]
            raise SettingsError(
                f"a restore has version {told}, this Snapper reads {VERSION}",
                hint="run pulumi up so that the stage and your Snapper are of one release",
            )
        for what, key in (("database", database), ("target", into)):
            if not (isinstance(key, str) and DATABASE_KEY.fullmatch(key)):
                raise SettingsError(f"a restore names no {what}")
        return cls(database, taken_at, digest, into, ordered_at, **options)


_OPTIONS: Mapping[str, Callable[[object], Any]] = {
    "create": flag,
    "force": flag,
    "over_source": database_key,
    "create_roles": flag,
    "no_owner": flag,
    "no_privileges": flag,
    "strict": flag,
    "best_effort": flag,
    "final_name": flag,
    "jobs": size,
}
"""Who reads each option."""


def _options(found: Mapping[str, object]) -> dict[str, Any]:
    if unknown := found.keys() - _OPTIONS.keys():
        raise ValueError(f"options that are unknown: {len(unknown)}")
    options = {name: _OPTIONS[name](value) for name, value in found.items()}
    if options.get("jobs", 0) > LARGEST:
        raise ValueError("more sessions than a container has processors")
    return options


def restore_container_name(restore: CloudRestore) -> str:
    """Name the container of a restore, as no job's, no drill's and no other restore's is.

    The very same wish has the same name, whenever it was ordered: one under way is joined.

    >>> from datetime import UTC
    >>> taken, ordered = datetime(2026, 11, 23, 3, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)
    >>> restore_container_name(CloudRestore("orders", taken, "0" * 64, "copy", ordered))
    'orders-2026-11-23T03-00-00Z-cddf5358-restore'
    """
    wish = replace(restore, ordered_at=restore.taken_at).to_json()
    return f"{named(restore.database, restore.taken_at, wish)}-restore"


def in_pieces(report: Mapping[str, Any]) -> list[str]:
    """Part a report, which may be of any length, into texts that a line of a log can hold.

    >>> joined(dict(enumerate(in_pieces({"left_out": []}))), 1)
    {'left_out': []}
    """
    whole = json.dumps(report)
    return [whole[start : start + _PIECE] for start in range(0, len(whole), _PIECE)]


def joined(pieces: Mapping[int, str], count: int) -> dict[str, Any]:
    """Read so many that `in_pieces` gave; raise KeyError or ValueError where one is not there."""
    return read_document("".join(pieces[number] for number in range(count)))


def in_a_line(text: str) -> str:
    """Cut a text so that the line of a log that it is in is not parted: nobody could read it.

    >>> in_a_line("it failed"), len(in_a_line("it failed" * 1000))
    ('it failed', 4001)
    """
    room = _WORDS
    for place, character in enumerate(text):
        room -= len(json.dumps(character)) - len('""')
        if room < 0:
            return f"{text[:place]}…"
    return text

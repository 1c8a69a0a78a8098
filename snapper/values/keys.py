"""Where things lie in the bucket: names to keys, and back."""

import re
from datetime import UTC, datetime
from enum import StrEnum

STAMP = "%Y-%m-%dT%H-%M-%SZ"

DATABASE_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What names a database; it is its prefix in the bucket and its last step in SSM paths."""


class Kind(StrEnum):
    """The objects that make up one backup, by the end of their keys."""

    DUMP = ".sql.gz"
    MANIFEST = ".manifest.json"
    VERIFICATION = ".verification.json"
    DAMAGED = ".damaged.json"


_STAMPED = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)(?P<kind>"
    + "|".join(re.escape(kind) for kind in Kind)
    + ")",
    re.ASCII,  # other scripts' digits make a key that is not ours
)


def stamp(at: datetime) -> str:
    """Give the time as it stands in keys: UTC, to the second, sorting as text.

    >>> stamp(datetime(2026, 11, 23, 3, tzinfo=UTC))
    '2026-11-23T03-00-00Z'
    """
    return at.astimezone(UTC).strftime(STAMP)


def prefix(database: str) -> str:
    """Give the folder of one database, and of no neighbour whose name begins alike."""
    return f"{database}/"


def object_key(database: str, at: datetime, kind: Kind) -> str:
    """Give the key of one object of one backup.

    >>> object_key("orders", datetime(2026, 11, 23, 3, tzinfo=UTC), Kind.DUMP)
    'orders/2026-11-23T03-00-00Z.sql.gz'
    """
    return f"{prefix(database)}{stamp(at)}{kind}"


def parse_key(database: str, key: str) -> tuple[datetime, Kind] | None:
    """Read a key back, or give None for an object that is not ours.

    >>> parse_key("orders", "orders/2026-11-23T03-00-00Z.sql.gz")[1].name
    'DUMP'
    >>> parse_key("orders", "orders/notes.txt") is None
    True
    """
    if not key.startswith(prefix(database)):
        return None
    match = _STAMPED.fullmatch(key.removeprefix(prefix(database)))
    if match is None:
        return None
    try:
        at = datetime.strptime(match["stamp"], STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None  # the shape of a time, but no such day
    return at, Kind(match["kind"])

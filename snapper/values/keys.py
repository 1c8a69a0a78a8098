"""Where things lie in the bucket: names to keys, and back."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

STAMP = "%Y-%m-%dT%H-%M-%SZ"

DATABASE_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What names a database; it is its prefix in the bucket and its last step in SSM paths."""


def database_key(value: object) -> str:
    """Read the name of a database; raise ValueError if it can be none."""
    if not (isinstance(value, str) and DATABASE_KEY.fullmatch(value)):
        raise ValueError("no key of a database")
    return value


MARK = ".begun-"
"""Between the scheduled time and that of the beginning, in the key that says when it was begun."""


class Kind(StrEnum):
    """The objects that make up one backup, by the end of their keys.

    Of a dump, and of the list of its contents, there is the plain kind or the sealed one.
    """

    DUMP = ".sql.gz"
    SEALED = ".sql.gz.age"
    MANIFEST = ".manifest.json"
    CONTENTS = ".contents.json"
    SEALED_CONTENTS = ".contents.json.age"
    VERIFICATION = ".verification.json"
    DAMAGED = ".damaged.json"


DUMPS = (Kind.DUMP, Kind.SEALED)
LISTS = (Kind.CONTENTS, Kind.SEALED_CONTENTS)

_KINDS = {str(kind): kind for kind in Kind}
_STAMPED = re.compile(
    # Midnight has one name; later releases of Python read 24:00 too.
    r"(\d{4}-\d\d-\d\d)T((?!24)\d\d-\d\d-\d\d)Z("
    + "|".join(re.escape(kind) for kind in Kind)
    + ")",
    re.ASCII,  # other scripts' digits make a key that is not ours
)


_ZONE = len("+00:00")


def stamp(at: datetime) -> str:
    """Give the time as it stands in keys: UTC, to the second, sorting as text.

    >>> stamp(datetime(2026, 11, 23, 3, tzinfo=UTC))
    '2026-11-23T03-00-00Z'
    """
    return f"{at.astimezone(UTC).isoformat(timespec='seconds')[:-_ZONE].replace(':', '-')}Z"


def prefix(database: str) -> str:
    """Give the folder of one database, and of no neighbour whose name begins alike."""
    return f"{database}/"


def object_key(database: str, at: datetime, kind: Kind) -> str:
    """Give the key of one object of one backup.

    >>> object_key("orders", datetime(2026, 11, 23, 3, tzinfo=UTC), Kind.DUMP)
    'orders/2026-11-23T03-00-00Z.sql.gz'
    """
    return f"{prefix(database)}{stamp(at)}{kind}"


def mark_key(database: str, at: datetime, begun_at: datetime) -> str:
    """Give the key of the empty object that says of a backup when it was begun, if that was late.

    Who may only list learns by it in which order backups were made.

    >>> due = datetime(2026, 11, 23, 20, tzinfo=UTC)
    >>> mark_key("orders", due, due.replace(hour=21, minute=35))
    'orders/2026-11-23T20-00-00Z.begun-2026-11-23T21-35-00Z'
    """
    return f"{prefix(database)}{stamp(at)}{MARK}{stamp(begun_at)}"


def parse_mark(database: str, key: str) -> tuple[datetime, datetime] | None:
    """Read such a key back: the time the backup was due, and when it was begun; None for others."""
    first, found, last = key.rpartition(MARK)
    due = parse_key(database, f"{first}{Kind.DUMP}") if found else None
    begun = parse_key(database, f"{prefix(database)}{last}{Kind.DUMP}")
    return (due[0], begun[0]) if due and begun else None


def trial_key(database: str) -> str:
    """Give the key of what is known of the last trial of a database; it is of no backup.

    Who may read and write verdicts may read and write it too: it ends as one.

    >>> trial_key("orders")
    'orders/last-trial.verification.json'
    """
    return f"{prefix(database)}last-trial{Kind.VERIFICATION}"


class Key(NamedTuple):
    """What the key of an object of ours says, whichever database it is of."""

    database: str
    at: datetime
    kind: Kind


def read_key(key: str) -> Key | None:
    """Read any key back, or give None for an object that is not ours.

    >>> read_key("orders/2026-11-23T03-00-00Z.manifest.json").database
    'orders'
    >>> read_key("a/b/2026-11-23T03-00-00Z.manifest.json") is None
    True
    """
    database, _, _ = key.partition("/")
    found = parse_key(database, key) if DATABASE_KEY.fullmatch(database) else None
    return Key(database, *found) if found else None


def parse_key(database: str, key: str) -> tuple[datetime, Kind] | None:
    """Read a key back, or give None for an object that is not ours.

    >>> parse_key("orders", "orders/2026-11-23T03-00-00Z.sql.gz")[1].name
    'DUMP'
    >>> parse_key("orders", "orders/notes.txt") is None
    True
    """
    folder = prefix(database)
    if not key.startswith(folder):
        return None
    match = _STAMPED.fullmatch(key, len(folder))
    if match is None:
        return None
    day, time, kind = match.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{time.replace('-', ':')}Z")
    except ValueError:
        return None  # the shape of a time, but no such day
    return at, _KINDS[kind]

"""Pins: objects whose keys say of a backup that it is kept, whatever retention decides.

The key says all that the pruner needs, which may read nothing: whose backup it is, and until when
it is kept. Who has pinned it, when and why is inside, for people.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from snapper.values import document
from snapper.values.job import write_time
from snapper.values.keys import Kind, parse_key, prefix, stamp

PINNED = ".kept"
UNTIL = f"{PINNED}-until-"

FOREVER = datetime.max.replace(microsecond=0, tzinfo=UTC)
"""Until when something is kept that is kept until somebody lets it go."""

LONGEST_NOTE = 500
"""Characters of a note."""

LONGEST = 64 << 10
"""Bytes of a pin; those that Snapper writes are far smaller."""


def pin_key(database: str, at: datetime, until: datetime = FOREVER) -> str:
    """Give the key of a pin of the backup of one time.

    >>> pin_key("orders", datetime(2026, 11, 23, 3, tzinfo=UTC))
    'orders/2026-11-23T03-00-00Z.kept'
    >>> pin_key("orders", datetime(2026, 11, 23, 3, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    'orders/2026-11-23T03-00-00Z.kept-until-2027-01-01T00-00-00Z'
    """
    end = PINNED if until == FOREVER else f"{UNTIL}{stamp(until)}"
    return f"{prefix(database)}{stamp(at)}{end}"


def parse_pin(database: str, key: str) -> tuple[datetime, datetime] | None:
    """Read such a key back: whose time it is, and until when it is kept; None for others."""
    if key.endswith(PINNED):
        first, until = key.removesuffix(PINNED), FOREVER
    else:
        first, found, last = key.rpartition(UNTIL)
        ends = parse_key(database, f"{prefix(database)}{last}{Kind.DUMP}") if found else None
        if ends is None:
            return None
        until = ends[0]
    due = parse_key(database, f"{first}{Kind.DUMP}")
    return (due[0], until) if due else None


def said_until(until: datetime) -> str:
    """Say how long something is pinned.

    >>> said_until(FOREVER), said_until(datetime(2027, 1, 1, tzinfo=UTC))
    ('pinned', 'pinned until 2027-01-01T00:00:00Z')
    """
    return "pinned" if until == FOREVER else f"pinned until {write_time(until)}"


def _line(value: object) -> str:
    found = document.text(value, LONGEST_NOTE)
    if not found.isprintable():
        raise ValueError("more than a line of text")
    return found


@dataclass(frozen=True)
class Pin:
    """One pin of a backup; who has made it and when is not known where nobody may read it."""

    until: datetime
    note: str = ""
    by: str = ""
    at: datetime | None = None

    def to_json(self) -> bytes:
        """Write what is inside the object; the key says until when."""
        at = write_time(self.at) if self.at else None
        return json.dumps({"note": self.note, "by": self.by, "at": at}).encode()

    @classmethod
    def read(cls, until: datetime, raw: bytes) -> "Pin":
        """Read the inside; what Snapper has not written tells nothing, and pins all the same."""
        try:
            found = document.read_document(raw, LONGEST)
            note, by = (_line(found[name]) for name in ("note", "by"))
            return cls(until, note, by, document.time(found["at"]))
        except (ValueError, KeyError):
            return cls(until)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values; what is not there is null."""
        return {
            "until": None if self.until == FOREVER else write_time(self.until),
            "note": self.note or None,
            "by": self.by or None,
            "at": write_time(self.at) if self.at else None,
        }

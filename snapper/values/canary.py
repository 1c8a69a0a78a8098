"""A canary: a small sealed object that whoever has a key opens, to prove that the key still does.

What it says is known to whoever asks for it, and holds a number that was never used before.
"""

import json
import re
from datetime import datetime

from snapper.values.keys import Kind, object_key

FOLDER = "_canary/"
"""Where canaries lie for a day; no key of a database begins so."""

NUMBER = re.compile(r"[0-9a-f]{32}")


def canary_key(number: str, place: int, at: datetime) -> str:
    """Give the key of one of the canaries that are made at once.

    It ends as a sealed backup's does: who may make one may make a canary, and needs no other right.

    >>> from datetime import UTC
    >>> canary_key("00ff", 1, datetime(2026, 11, 23, 3, tzinfo=UTC))
    '_canary/00ff-1/2026-11-23T03-00-00Z.sql.gz.age'
    """
    return object_key(f"{FOLDER}{number}-{place}", at, Kind.SEALED)


def canary_text(stage: str, database: str, number: str) -> bytes:
    """Give what the canary for a database says; of the stage's own the name is empty."""
    told = {"canary": number, "stage": stage, "database": database}
    return json.dumps(told, sort_keys=True).encode()

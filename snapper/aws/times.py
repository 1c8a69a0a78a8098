"""Times as S3 writes them, read quickly: half of what a long listing takes is spent on them."""

from datetime import datetime
from typing import Any

from botocore.utils import parse_timestamp

_LENGTH = len("2026-11-23T03:00:00Z")


def read_time(value: Any) -> datetime:  # noqa: ANN401  numbers too, as botocore's own takes them
    """Read a time as botocore does, which tries many forms of it: the usual one comes first.

    >>> read_time("2026-11-23T03:00:00.000Z")
    datetime.datetime(2026, 11, 23, 3, 0, tzinfo=datetime.timezone.utc)
    >>> read_time("Mon, 23 Nov 2026 03:00:00 GMT").hour
    3
    """
    if isinstance(value, str) and value.endswith("Z") and len(value) >= _LENGTH:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass  # in its words
    found: datetime = parse_timestamp(value)
    return found

"""How long a dump will take, before it is begun: by the database's size and its last backups."""

from collections.abc import Sequence
from dataclasses import dataclass

RATE = 30_000_000
"""Bytes of a database that are dumped in a second where nothing better is known.

Measured: 250 to 340 MB with two processors and the server on the same machine. A small server
behind a network yields about a tenth.
"""

MARGIN = 1.25
"""A dump may take so many times as long as expected, and must still fit."""

LOOKED_AT = 5
"""Earlier backups that count. The slowest is believed: the others may have been made elsewhere."""

_LARGE = 50_000_000_000
_FEW, _MANY = 2, 4


@dataclass(frozen=True)
class Took:
    """Seconds that an earlier backup took, as far as a listing of the bucket tells."""

    least: float
    most: float


def expected_seconds(database_bytes: int, earlier: Sequence[Took] = ()) -> float:
    """Give the seconds that a dump will take: by size, within what earlier ones took.

    >>> expected_seconds(3_000_000_000)
    100.0
    >>> expected_seconds(3_000_000_000, [Took(10.0, 60.0)])
    60.0
    """
    by_size = database_bytes / RATE
    if not earlier:
        return by_size
    least = max(each.least for each in earlier)
    most = max(each.most for each in earlier)
    return max(min(by_size, most), least)


def too_long(database_bytes: int, earlier: Sequence[Took], seconds: float) -> str:
    """Say why a dump will not end in so many seconds; nothing if it will.

    >>> too_long(90_000_000_000, (), 840)
    '90.0 GB take about 50 min to dump, a quarter more at worst, and there are 14 min'
    """
    expected = expected_seconds(database_bytes, earlier)
    if MARGIN * expected <= seconds:
        return ""
    return (
        f"{database_bytes / 1e9:.1f} GB take about {_span(expected)} to dump, a quarter more at"
        f" worst, and there are {_span(max(seconds, 0.0))}"
    )


def _span(seconds: float) -> str:
    """Say how long that is, as people do.

    >>> _span(59.6), _span(119.6), _span(840)
    ('60 s', '120 s', '14 min')
    """
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def jobs_for(database_bytes: int, asked: int) -> int:
    """Give by how many connections at once a container dumps: as many as asked for, or by size.

    >>> jobs_for(20_000_000_000, 0), jobs_for(200_000_000_000, 0), jobs_for(1, 8)
    (2, 4, 8)
    """
    return asked or (_MANY if database_bytes >= _LARGE else _FEW)

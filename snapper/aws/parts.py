"""How large the parts of an upload must be, and how many may wait in memory."""

from dataclasses import dataclass

MIB = 1 << 20

MOST_PARTS = 10_000
"""Parts of one multipart upload. Source: Amazon S3 limits."""

SMALLEST_PART = 8 * MIB
LARGEST_PART = 5 * 1024 * MIB

# A compressed dump is smaller than its database in all but the strangest cases: of large objects
# that cannot be compressed it measures 1.08 times as much. The reserve of parts is for those.
_PLANNED_PARTS = 9_000

# Bytes of parts on their way and the one that is read. The threads hold on to a part that has
# arrived until they get the next one, so that the peak is twice this; with the interpreter and its
# libraries (about 60 MB) it stays below 128 MB where S3 is slow: see benchmarks/dump.py.
_MEMORY = 24 * MIB


@dataclass(frozen=True)
class PartPlan:
    """Part size in bytes, and how many parts may be on their way at once."""

    size: int
    in_flight: int


def plan_parts(database_bytes: int) -> PartPlan:
    """Choose parts so that a dump as large as its database fits into one upload.

    S3 wants to know a part's length before its first byte, so each part waits in memory whole: up
    to 8 MiB x 9,000 = 75 GB of compressed dump the plan stays within its memory; beyond, parts
    must grow, to 530 MiB for 5 TB.

    >>> plan_parts(10**9)
    PartPlan(size=8388608, in_flight=2)
    >>> plan_parts(5 * 10**12).size * MOST_PARTS > 5 * 10**12
    True
    """
    needed = -(-database_bytes // _PLANNED_PARTS)
    size = min(max(SMALLEST_PART, -(-needed // MIB) * MIB), LARGEST_PART)
    # One more part than those on their way is held by the reader that fills it.
    return PartPlan(size, max(1, _MEMORY // size - 1))

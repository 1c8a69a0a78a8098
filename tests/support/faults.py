"""The harness of the fault suite: counts what was tried and what was survived.

A test that injects faults says so for each of them, in the words of its family:

    with faulted("aws calls: dump and prune"):
        inject, act, and assert that nothing is lost and nothing false

or, where the check is made elsewhere, `tried("aws calls: dump and prune")`. Families are written
"room: what is injected". The end of every run prints the table of all that were tried in it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Count:
    """How many faults of one family were injected, and how many of them did no harm."""

    tried: int = 0
    survived: int = 0


COUNTS: dict[str, Count] = {}
"""All families of this run."""


def tried(family: str, survived: bool = True, times: int = 1) -> None:
    """Count injected faults."""
    count = COUNTS.setdefault(family, Count())
    count.tried += times
    count.survived += times * survived


@contextmanager
def faulted(family: str) -> Iterator[None]:
    """Count one injected fault as survived if the block, with its assertions, ends well."""
    survived = False
    try:
        yield
        survived = True
    finally:
        tried(family, survived)


def handed_over() -> dict[str, tuple[int, int]]:
    """Give the counts of one worker as plain values."""
    return {family: (count.tried, count.survived) for family, count in COUNTS.items()}


def take_over(counts: dict[str, tuple[int, int]]) -> None:
    """Add what a worker has counted."""
    for family, (tries, survived) in counts.items():
        count = COUNTS.setdefault(family, Count())
        count.tried += tries
        count.survived += survived


def rows() -> list[tuple[str, int, int]]:
    """Give what was tried and survived by family, and the sum; nothing if nothing was tried."""
    found = [(name, count.tried, count.survived) for name, count in sorted(COUNTS.items())]
    every = ("all families", sum(row[1] for row in found), sum(row[2] for row in found))
    return [*found, every] if found else []


def table(rows: Sequence[tuple[str, int, int]]) -> list[str]:
    """Give the lines of the summary."""
    width = max(len(name) for name, _, _ in rows)
    head = f"{'':<{width}} {'tried':>10} {'survived':>10}"
    return [head, *(f"{name:<{width}} {tries:>10,} {well:>10,}" for name, tries, well in rows)]

"""A dump whose tables can be read each by itself, so that several sessions restore it at once."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

MOST_JOBS = 16
"""Sessions that restore at once at most."""


@dataclass(frozen=True)
class LargeTable:
    """A table whose rows are worth a session of their own; `bytes` are plain ones."""

    schema: str
    table: str
    bytes: int


@dataclass(frozen=True)
class Skipped:
    """A place in a dump where there are so many lines that were read already."""

    lines: int


class DumpInParts(Protocol):
    """Reads a dump in parts, each of which is checked; all may raise BackupDamaged, AwsFailed."""

    @property
    def large(self) -> Sequence[LargeTable]:
        """The tables whose rows can be read by themselves."""
        ...

    def before(self) -> Iterator[bytes]:
        """Give the plain dump up to where the first rows of any table begin."""
        ...

    def rows(self, number: int) -> Iterator[bytes]:
        """Give the statement that loads the rows of a large table, all of them, with the rows."""
        ...

    def rest(self, loaded: Collection[int]) -> Iterator[bytes | Skipped]:
        """Give the plain dump from there on, in its order, but for the large tables `loaded`.

        It ends only if all that was read is the whole dump of the manifest.
        """
        ...


@dataclass(frozen=True)
class AtOnce:
    """A dump like any other, but so many `jobs` may restore its `parts` at once."""

    dump: Iterable[bytes]
    parts: DumpInParts
    jobs: int

    def __iter__(self) -> Iterator[bytes]:
        """Read it from its beginning."""
        return iter(self.dump)

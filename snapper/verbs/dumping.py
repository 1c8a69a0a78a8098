"""What dumps a database: one program, or several at once where it is large."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from snapper.engines import joined
from snapper.engines.bands import Bands, OneJob
from snapper.engines.engine import Engine
from snapper.engines.facts import Facts
from snapper.engines.joined import Joined
from snapper.engines.listing import Listing
from snapper.engines.stage import Stage
from snapper.engines.strand import Strand
from snapper.values.secrets import Database

_PARTED = 1 << 20
"""Packed bytes of rows that several programs hold in all, before a table is parted."""

_MANY = 150_000
"""A list of contents has room for more ranges than these, and then for the tables."""


class Programs(joined.Programs, Protocol):
    """What dumps, and what it said."""

    def last_words(self) -> str:
        """Give what it said at its end, and no value of a row."""
        ...


@dataclass(frozen=True)
class Dumping:
    """One database that is to be dumped.

    The server may let wait for `patience` seconds, and while several programs are started only for
    those that are `left`.
    """

    engine: Engine
    database: Database
    facts: Facts
    patience: float
    left: float

    @contextmanager
    def by(self, jobs: int, alone: Callable[[OneJob], None]) -> Iterator[tuple[Programs, Joined]]:
        """Dump by at most so many programs at once; `alone` is told where only one can.

        Raises what starting them does. Nothing of them outlives the block.
        """
        follow = partial(self.engine.sections.follow, self.facts.part)
        several = self._several(jobs)
        if not isinstance(several, OneJob):
            with several, joined.joined(several, follow, self._split(jobs)) as pieces:
                yield several, pieces
            return
        if several.reason:
            alone(several)
        one = self.engine.dump(self.database, self.facts, self.patience)
        with one, Joined(one, Stage(Strand(one, Listing(follow())))) as pieces:
            yield one, pieces

    def _several(self, jobs: int) -> Bands | OneJob:
        if jobs < 2:
            return OneJob()
        return self.engine.dump_in_bands(self.database, self.facts, self.left, jobs)

    def _split(self, jobs: int) -> int:
        """Give behind how many packed bytes a table is parted: of a huge one not too often."""
        return max(_PARTED // jobs, self.facts.size // _MANY)

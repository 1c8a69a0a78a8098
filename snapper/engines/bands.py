"""A dump that several programs make at once: which texts there are, and what every engine promises.

The texts are those of one dump: what stands `before` all rows, the rows in `bands`, and what stands
`after` them. A band's rows may be taken in any order between the other two, whole statements of
them; only within a band the order must be kept. Each text is without a head and an end of its own,
but for the head of `before` and the end of `after`: one after the other they are one dump.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from snapper.errors import SnapperError

LEAST = 1 << 30
"""Bytes of a database below which one program dumps as fast: several need a second to begin."""


Names = Sequence[tuple[str, str]]
"""Each a schema and a name in it."""


class Arrived(NamedTuple):
    """What came in one band: whose rows, and which counters' values; in that order, each time."""

    tables: Names
    counters: Names


class Text(Protocol):
    """One of the texts. Each may be read by a thread of its own."""

    def read(self, size: int, /) -> bytes:
        """Give what has come, at most `size` bytes; b"" only when its program has ended well.

        Raises DumpFailed, or what `Bands.stop` was called with; so do all the others then.
        """
        ...


class Bands(Protocol):
    """All of them. As a context it leaves no program and no session behind."""

    before: Text
    """What the rows need."""
    bands: Sequence[Text]
    """The rows, of different tables each; what else stands there is in one band alone."""
    after: Text
    """What needs the rows: indexes, constraints, rights. It comes when `before` has ended."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        """End whatever still runs."""
        ...

    def came(self, arrived: Sequence[Arrived]) -> None:
        """Take what came of each band.

        Raises DumpFailed unless that is what the database has: each once, from its own band.
        """
        ...

    def check(self) -> None:
        """Raise the error that `stop` was called with, or that any of the texts has failed with."""
        ...

    def commit(self) -> None:
        """Raise as `check` does, or take the last step, which nobody can stop any more."""
        ...

    def stop(self, reason: SnapperError) -> bool:
        """Stop all programs from another thread; whoever reads a text then gets `reason`.

        Gives whether that is certain: where the last step is under way, it may still succeed.
        """
        ...

    def last_words(self) -> str:
        """Give what the programs said at their ends, each thing once, and no value of a row."""
        ...


@dataclass(frozen=True)
class OneJob:
    """The dump is better made by one program.

    Where several are not worth it, there is no `reason`; else that says what stood in their way,
    and the `hint` what to do about it.
    """

    reason: str = ""
    hint: str = ""

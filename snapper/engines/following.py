"""A dump as it flows by, in pieces that say what they are: what every engine reads out of its own.

Nothing is lost or changed: the texts of all pieces, one after the other, are the dump.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol


class Seam(NamedTuple):
    """Where a table's rows may be parted, so that two statements load them: behind a row's end.

    There is then what `ends` the one statement, and what `begins` the next.
    """

    row_end: bytes
    ends: bytes
    begins: bytes


class Opening(NamedTuple):
    """What stands before a table's rows; with it a part of the dump begins.

    Without a seam its rows must stay together.
    """

    text: bytes
    schema: str
    table: str
    seam: Seam | None = None


class RowBytes(NamedTuple):
    """Some bytes of the rows of the table that was opened."""

    text: bytes


class Closing(NamedTuple):
    """What ends a table's rows, and how many there were."""

    text: bytes
    rows: int


class Words(NamedTuple):
    """Statements, or a piece of a long one; `kinds` are of those that begin in it.

    What is of another `section` than the statements before it is a part of its own. A `counter` is
    one whose value they set, by schema and name.
    """

    text: bytes
    kinds: tuple[str, ...] = ()
    section: str = ""
    counter: tuple[str, str] | None = None


Piece = Opening | RowBytes | Closing | Words


class Following(Protocol):
    """Reads one dump as it comes. Raises SnapperError at what it does not understand."""

    def on(self, block: bytes, /) -> Iterator[Piece]:
        """Give what can be told by now; of the rest little enough is held."""
        ...

    def end(self) -> Iterator[Piece]:
        """Give what is left at the dump's end."""
        ...

"""How databases lie that are kept as data, in Parameter Store, which knows no transactions.

Nothing is ever written over. Each change makes the table anew, under a name of its own, and the
pieces of what it changes; then it makes the head of the next generation, which names the table.
That head is made once: of two that change the databases at once, the second finds it there and
begins again from what the first has left. Who reads takes the newest head: what it names is whole.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from snapper.errors import SecretsInvalid
from snapper.values.settings import connection_piece, options_piece
from snapper.values.table import Row

PIECES = 10_000
"""A generation's pieces are numbered from so many times its own number on."""

KEPT = 10
"""Heads that stay when their time is over: a writer as slow as that still finds its place taken."""

_HEAD = re.compile(r"(\d{1,5}-[0-9a-f]{8}),(\d{1,5})", re.ASCII)


def heads_path(root: str) -> str:
    """Name the path of the heads: each bears the number of its generation."""
    return f"{root}/HEADS"


def tables_path(root: str) -> str:
    """Name the path below which each table has one of its own."""
    return f"{root}/TABLES"


@dataclass(frozen=True)
class Head:
    """What a generation's head says: the name of its table, and of how many pieces that is."""

    table: str
    pieces: int

    def to_text(self) -> str:
        """Write it.

        >>> Head("7-00ff00ff", 3).to_text()
        '7-00ff00ff,3'
        """
        return f"{self.table},{self.pieces}"

    @classmethod
    def from_text(cls, text: str) -> "Head":
        """Read it; raise SecretsInvalid if somebody has written nonsense."""
        found = _HEAD.fullmatch(text)
        if not found:
            raise SecretsInvalid(("a head of the databases that were added is none",))
        return cls(found[1], int(found[2]))


@dataclass(frozen=True)
class Generation:
    """One state of the databases that were added; zero is that nobody has added any."""

    number: int = 0
    head: Head = Head("0-00000000", 0)
    rows: Mapping[str, Row] = field(default_factory=dict)


def newest(heads: Mapping[str, str]) -> tuple[int, Head] | None:
    """Choose among the heads, by name; none where there is none."""
    numbers = {int(name): text for name, text in heads.items() if name.isdecimal()}
    if not numbers:
        return None
    last = max(numbers)
    return last, Head.from_text(numbers[last])


def left_over(names: Iterable[str], root: str, now: Generation) -> Iterator[str]:
    """Give what no generation from this one on can name: earlier ones, and attempts at them.

    What somebody is just writing for a later one is left alone.
    """
    named = {
        *(connection_piece(root, row.connection_in or 0) for row in now.rows.values()),
        *(options_piece(root, row.options_in or 0) for row in now.rows.values()),
        *(f"{tables_path(root)}/{now.head.table}/{n}" for n in range(1, now.head.pieces + 1)),
    }
    for name in names:
        if name not in named and (written := _written_for(name, root)) is not None:
            is_head = name.startswith(f"{heads_path(root)}/")
            if written <= (now.number - KEPT if is_head else now.number):
                yield name


def _written_for(name: str, root: str) -> int | None:
    """Say for which generation a parameter was written; nothing of what is none of ours."""
    found = re.fullmatch(
        r"/HEADS/(\d+)|/TABLES/(\d+)-[0-9a-f]{8}/\d+|/(?:DATABASE_CONN_STRINGS|OPTIONS)/_(\d+)",
        name.removeprefix(root),
        re.ASCII,
    )
    if found is None:
        return None
    return int(found[3]) // PIECES if found[3] else int(found[1] or found[2])


def to_rewrite(
    places: Mapping[str, int | None], changed: Iterable[str], *, grows: bool
) -> frozenset[int]:
    """Choose the pieces that are written anew: each with something that changes, or is to go.

    Where something is added, also the emptiest one, or there would be one more for each.
    """
    found = {piece for key in changed if (piece := places.get(key)) is not None}
    others = [piece for piece in places.values() if piece is not None and piece not in found]
    if grows and others:
        found.add(min(others, key=lambda piece: (others.count(piece), piece)))
    return frozenset(found)

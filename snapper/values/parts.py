"""The parts of a backup as its list of contents has them: tables' rows, and what lies between."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from snapper.values import document

ONE_RANGE, RANGES = 1, 2
"""Versions of the list. In the first each part has one range for itself: every release reads it.
Older releases refuse the second, so they never take a part for the whole."""

MOST_SHARED = 1 << 20
"""Plain bytes of a range that tables share, at most; Snapper writes an eighth of it."""

_LONGEST_KIND = 100
_MANY_KINDS = 500

Range = tuple[int, int]
"""The first byte of the stored object, and the one behind the last."""


@dataclass(frozen=True, slots=True)
class TableRows:
    """One table's rows: how many, their plain bytes, and the SHA-256 (hexadecimal) of these.

    The part from `start` up to before `end`, in bytes of the stored object, unpacks to the whole
    statement that loads them, whose first and last lines are not counted. Where one statement loads
    some of them alone, `more` has the ranges of the others, in the order of the rows. `head` is the
    SHA-256 of what stands before the first of them; lists of older releases have none.

    Small tables share a range, in which the part of each begins behind `offset` plain bytes. That
    is None for one that has its range for itself.
    """

    schema: str
    table: str
    rows: int
    bytes: int
    start: int
    end: int
    sha256: str
    more: tuple[Range, ...] = ()
    head: str = ""
    offset: int | None = None

    @property
    def place(self) -> tuple[int, int]:
        """Where it begins: the byte of the object, and the plain one from there on."""
        return self.start, self.offset or 0

    @property
    def ranges(self) -> tuple[Range, ...]:
        """All its ranges."""
        return ((self.start, self.end), *self.more)

    @property
    def stored(self) -> int:
        """How many bytes are stored for it, and for those that share its range."""
        return sum(end - start for start, end in self.ranges)


@dataclass(frozen=True, slots=True)
class Statements:
    """What lies between rows: plain bytes, their SHA-256, the stored range, how many of each kind.

    A kind is made of the first words of a statement, such as `CREATE TABLE`.
    """

    kinds: Mapping[str, int]
    bytes: int
    start: int
    end: int
    sha256: str

    @property
    def place(self) -> tuple[int, int]:
        """Where it begins, as of tables."""
        return self.start, 0

    @property
    def ranges(self) -> tuple[Range, ...]:
        """Its one range."""
        return ((self.start, self.end),)


def to_plain(version: int, part: TableRows | Statements) -> dict[str, Any]:
    """Give it as JSON values of this version of the list."""
    every = {name: getattr(part, name) for name in part.__slots__ if name != "more"}
    plain = {name: value for name, value in every.items() if value not in ("", None)}
    if version == RANGES and isinstance(part, TableRows):
        del plain["start"], plain["end"]
        plain["ranges"] = part.ranges
    return plain


def read_rows(version: int, found: Any) -> TableRows:  # noqa: ANN401  of any kind of JSON
    """Read a table of a list of this version; raises KeyError, TypeError, ValueError."""
    several = version == RANGES
    (start, end), *more = _several(found["ranges"]) if several else [_range(found)]
    offset = document.size(found["offset"]) if several and "offset" in found else None
    if offset is not None and (more or offset >= MOST_SHARED):
        raise ValueError("no place in a range that is shared")
    return TableRows(
        document.name(found["schema"]),
        document.name(found["table"]),
        document.size(found["rows"]),
        document.size(found["bytes"]),
        start,
        end,
        document.sha256(found["sha256"]),
        tuple(more),
        document.sha256(found["head"]) if "head" in found else "",
        offset,
    )


def read_statements(found: Any) -> Statements:  # noqa: ANN401  of any kind of JSON
    """Read statements of a list; raises as for a table."""
    kinds = found["kinds"]
    if not isinstance(kinds, dict) or len(kinds) > _MANY_KINDS:
        raise TypeError
    read = {document.text(kind, _LONGEST_KIND): document.size(n) for kind, n in kinds.items()}
    start, end = _range(found)
    return Statements(
        read, document.size(found["bytes"]), start, end, document.sha256(found["sha256"])
    )


def _several(found: Any) -> list[Range]:  # noqa: ANN401  of any kind of JSON
    """Read the ranges of one table, in the order of its rows: that of the object too."""
    if not isinstance(found, list) or not all(isinstance(each, list) for each in found):
        raise TypeError
    ranges = [_range({"start": start, "end": end}) for start, end in found]
    if ranges != sorted(ranges):
        raise ValueError("ranges in another order than their rows")
    return ranges


def _range(found: Mapping[str, object]) -> Range:
    start, end = document.size(found["start"]), document.size(found["end"])
    if start > end:
        raise ValueError("a range that ends before it begins")
    return start, end

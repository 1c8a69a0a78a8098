"""What is in a backup: its tables with their rows, and what lies between, in the order of the dump.

Each part of the dump ends where the compressor begins anew, so that it can be unpacked by itself
from the bytes that are stored for it. Where a dump is made by several programs at once, a large
table is loaded by several statements, between which others may lie: it then has as many ranges.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from operator import attrgetter
from typing import Any, Self

from snapper.errors import BackupDamaged
from snapper.values import document
from snapper.values.seal import SEAL, is_sealed, seal

VERSION = 1
"""Of a list in which each part has one range: every release reads it."""

SPLIT = 2
"""Of a list with a table in several ranges, which older releases refuse to read."""

LONGEST = 64 << 20
"""Bytes of a list; that of a hundred thousand tables has some thirty million."""

_READ = (VERSION, SPLIT)

MANY = 200_000
"""Parts of a dump that are listed at most, and ranges of them."""

_VALUES = 20 * MANY
"""Values of JSON in a list: a table has 9, and 3 for each range where there are several; statements
have 6, and one for each kind."""

_LONGEST_KIND = 100
_MANY_KINDS = 500
_ORDER = attrgetter("start")

Range = tuple[int, int]
"""The first byte of the stored object, and the one behind the last."""


@dataclass(frozen=True, slots=True)
class TableRows:
    """One table's rows: how many, their plain bytes, and the SHA-256 (hexadecimal) of these.

    The part from `start` up to before `end`, in bytes of the stored object, unpacks to the whole
    statement that loads them, whose first and last lines are not counted. Where one statement loads
    some of them alone, `more` has the ranges of the others, in the order of the rows. `head` is the
    SHA-256 of what stands before the first of them; lists of older releases have none.
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

    @property
    def ranges(self) -> tuple[Range, ...]:
        """All its ranges."""
        return ((self.start, self.end), *self.more)

    @property
    def stored(self) -> int:
        """How many bytes are stored for it."""
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
    def ranges(self) -> tuple[Range, ...]:
        """Its one range."""
        return ((self.start, self.end),)


@dataclass(frozen=True)
class Contents:
    """The list of one backup; `sha256` is that of the stored object which it speaks of."""

    sha256: str
    tables: tuple[TableRows, ...]
    statements: tuple[Statements, ...]

    @property
    def version(self) -> int:
        """The version of its form."""
        return SPLIT if any(each.more for each in self.tables) else VERSION

    @property
    def parts(self) -> tuple[TableRows | Statements, ...]:
        """All parts in the order of the dump."""
        return tuple(sorted((*self.tables, *self.statements), key=_ORDER))

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(each.rows for each in self.tables)

    @property
    def kinds(self) -> Mapping[str, int]:
        """How many statements there are of each kind."""
        total: Counter[str] = Counter()
        for each in self.statements:
            total.update(each.kinds)
        return total

    def covers(self, size: int) -> bool:
        """Tell whether the ranges, one behind the other, are an object of so many bytes."""
        at = 0
        for start, end in self._ranges():
            if start != at:
                return False
            at = end
        return at == size

    def to_dict(self) -> dict[str, Any]:
        """Give the list as JSON values, with its version."""
        as_plain = partial(_plain, self.version)
        tables, statements = map(as_plain, self.tables), map(as_plain, self.statements)
        plain = {"version": self.version, "sha256": self.sha256}
        return {**plain, "tables": [*tables], "statements": [*statements]}

    def to_json(self) -> bytes:
        """Write the list as it lies in the vault: without a space, for it may be long.

        No more than one of its tables is held in a second form.
        """
        plain = {
            "version": self.version,
            "sha256": self.sha256,
            "tables": self.tables,
            "statements": self.statements,
        }
        as_plain = partial(_plain, self.version)
        sealed = {**plain, SEAL: seal(plain, as_plain)}
        return json.dumps(sealed, separators=(",", ":"), default=as_plain).encode()

    @classmethod
    def from_json(cls, raw: bytes) -> Self:
        """Read a list; raise BackupDamaged if it is not as it was written."""
        try:
            document.require_few(raw, _VALUES)
            found = document.read_document(raw, LONGEST)
            version = found["version"]
            if type(version) is not int or version not in _READ:
                raise BackupDamaged(
                    f"the list of contents has version {version}, this Snapper reads"
                    f" {VERSION} and {SPLIT}"
                )
            if not is_sealed(found):
                raise BackupDamaged("the list of contents was changed after it was written")
            tables, statements = found["tables"], found["statements"]
            if not (isinstance(tables, list) and isinstance(statements, list)):
                raise TypeError
            if len(tables) + len(statements) > MANY:
                raise ValueError
            read = cls(
                document.sha256(found["sha256"]),
                tuple(map(partial(_table, version), tables)),
                tuple(map(_statements, statements)),
            )
            read._require_order()
        except (KeyError, TypeError, ValueError):
            raise BackupDamaged("the list of contents is not as Snapper writes one") from None
        return read

    def _ranges(self) -> list[Range]:
        """Give the ranges of all parts in the order of the object."""
        return sorted(each for part in self.parts for each in part.ranges)

    def _require_order(self) -> None:
        """Raise ValueError where parts overlap, or are too many."""
        found = self._ranges()
        if len(found) > MANY:
            raise ValueError("too many parts")
        if any(end > start for (_, end), (start, _) in pairwise(found)):
            raise ValueError("parts overlap")


def _plain(version: int, part: TableRows | Statements) -> dict[str, Any]:
    every = {name: getattr(part, name) for name in part.__slots__ if name != "more"}
    plain = {name: value for name, value in every.items() if value != ""}
    if version == SPLIT and isinstance(part, TableRows):
        del plain["start"], plain["end"]
        plain["ranges"] = part.ranges
    return plain


def _table(version: int, found: Any) -> TableRows:  # noqa: ANN401  of any kind of JSON
    (start, end), *more = _several(found["ranges"]) if version == SPLIT else [_range(found)]
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
    )


def _statements(found: Any) -> Statements:  # noqa: ANN401  of any kind of JSON
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

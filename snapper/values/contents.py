"""What is in a backup: its tables with their rows, and what lies between, in the order of the dump.

Each part of the dump ends where the compressor begins anew, so that it can be unpacked by itself
from the bytes that are stored for it.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import Any, Self

from snapper.errors import BackupDamaged
from snapper.values import document
from snapper.values.seal import SEAL, is_sealed, seal

VERSION = 1

LONGEST = 64 << 20
"""Bytes of a list; that of a hundred thousand tables has some thirty million."""

MANY = 200_000
"""Parts of a dump that are listed at most."""

_VALUES = 20 * MANY
"""Values of JSON in a list: a table has 8, statements 6 and one for each kind."""

_LONGEST_KIND = 100
_MANY_KINDS = 500
_ORDER = attrgetter("start")


@dataclass(frozen=True, slots=True)
class TableRows:
    """One table's rows: how many, their plain bytes, and the SHA-256 (hexadecimal) of these.

    The part from `start` up to before `end`, in bytes of the stored object, unpacks to the whole
    statement that loads them, whose first and last lines are not counted.
    """

    schema: str
    table: str
    rows: int
    bytes: int
    start: int
    end: int
    sha256: str


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


@dataclass(frozen=True)
class Contents:
    """The list of one backup; `sha256` is that of the stored object which it speaks of."""

    sha256: str
    tables: tuple[TableRows, ...]
    statements: tuple[Statements, ...]

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
        """Tell whether the parts, one behind the other, are an object of so many bytes."""
        at = 0
        for part in self.parts:
            if part.start != at:
                return False
            at = part.end
        return at == size

    def to_dict(self) -> dict[str, Any]:
        """Give the list as JSON values, with its version."""
        return {
            "version": VERSION,
            "sha256": self.sha256,
            "tables": [_plain(each) for each in self.tables],
            "statements": [_plain(each) for each in self.statements],
        }

    def to_json(self) -> bytes:
        """Write the list as it lies in the vault: without a space, for it may be long.

        No more than one of its tables is held in a second form.
        """
        plain = {
            "version": VERSION,
            "sha256": self.sha256,
            "tables": self.tables,
            "statements": self.statements,
        }
        sealed = {**plain, SEAL: seal(plain, _plain)}
        return json.dumps(sealed, separators=(",", ":"), default=_plain).encode()

    @classmethod
    def from_json(cls, raw: bytes) -> Self:
        """Read a list; raise BackupDamaged if it is not as it was written."""
        try:
            document.require_few(raw, _VALUES)
            found = document.read_document(raw, LONGEST)
            if found["version"] != VERSION:
                raise BackupDamaged(
                    f"the list of contents has version {found['version']}, this Snapper reads"
                    f" {VERSION}"
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
                tuple(map(_table, tables)),
                tuple(map(_statements, statements)),
            )
            read._require_order()
        except (KeyError, TypeError, ValueError):
            raise BackupDamaged("the list of contents is not as Snapper writes one") from None
        return read

    def _require_order(self) -> None:
        """Raise ValueError where parts overlap."""
        if any(one.end > next_.start for one, next_ in pairwise(self.parts)):
            raise ValueError("parts overlap")


def _plain(part: TableRows | Statements) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.__slots__}


def _table(found: Any) -> TableRows:  # noqa: ANN401  of any kind of JSON
    start, end = _range(found)
    return TableRows(
        document.name(found["schema"]),
        document.name(found["table"]),
        document.size(found["rows"]),
        document.size(found["bytes"]),
        start,
        end,
        document.sha256(found["sha256"]),
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


def _range(found: Mapping[str, object]) -> tuple[int, int]:
    start, end = document.size(found["start"]), document.size(found["end"])
    if start > end:
        raise ValueError("a range that ends before it begins")
    return start, end

"""What is in a backup: its tables with their rows, and what lies between, in the order of the dump.

Each range of the object begins where the compressor began anew, so that it can be unpacked by
itself. A part of the dump has its own, but for small tables, of which many share one: alone they
would hardly be packed. Where several programs dumped at once, a large table is loaded by several
statements, between which others may lie: it then has as many ranges.
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
from snapper.values.parts import (
    ONE_RANGE,
    RANGES,
    Range,
    Statements,
    TableRows,
    read_rows,
    read_statements,
    to_plain,
)
from snapper.values.seal import SEAL, is_sealed, seal

LONGEST = 64 << 20
"""Bytes of a list; that of a hundred thousand tables has some thirty million."""

MANY = 200_000
"""Parts of a dump that are listed at most, and ranges of them."""

_VALUES = 20 * MANY
"""Values of JSON in a list: a table has 9, and 3 for each range in version 2; statements
have 6, and one for each kind."""

_ORDER = attrgetter("place")


@dataclass(frozen=True)
class Contents:
    """The list of one backup; `sha256` is that of the gzip which it speaks of, sealed or not."""

    sha256: str
    tables: tuple[TableRows, ...]
    statements: tuple[Statements, ...]

    @property
    def version(self) -> int:
        """The version of its form."""
        is_plain = all(each.offset is None and not each.more for each in self.tables)
        return ONE_RANGE if is_plain else RANGES

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
        as_plain = partial(to_plain, self.version)
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
        as_plain = partial(to_plain, self.version)
        sealed = {**plain, SEAL: seal(plain, as_plain)}
        return json.dumps(sealed, separators=(",", ":"), default=as_plain).encode()

    @classmethod
    def from_json(cls, raw: bytes) -> Self:
        """Read a list; raise BackupDamaged if it is not as it was written."""
        try:
            document.require_few(raw, _VALUES)
            found = document.read_document(raw, LONGEST)
            version = found["version"]
            if type(version) is not int or version not in {ONE_RANGE, RANGES}:
                raise BackupDamaged(
                    f"the list of contents has version {version}, this Snapper reads"
                    f" {ONE_RANGE} and {RANGES}"
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
                tuple(map(partial(read_rows, version), tables)),
                tuple(map(read_statements, statements)),
            )
            read._require_order()
        except (KeyError, TypeError, ValueError):
            raise BackupDamaged("the list of contents is not as Snapper writes one") from None
        return read

    def _ranges(self) -> list[Range]:
        """Give the ranges of all parts in the order of the object, one that is shared once."""
        tables = [each for each in self.tables if each.offset is None]
        shared = {each.ranges for each in self.tables if each.offset is not None}
        alone = [each.ranges for each in tables] + [each.ranges for each in self.statements]
        return sorted(each for ranges in (*shared, *alone) for each in ranges)

    def _require_order(self) -> None:
        """Raise ValueError where parts overlap, or are too many."""
        found = self._ranges()
        if len(found) > MANY:
            raise ValueError("too many parts")
        if any(end > start for (_, end), (start, _) in pairwise(found)):
            raise ValueError("parts overlap")
        shared = sorted((each for each in self.tables if each.offset is not None), key=_ORDER)
        for one, other in pairwise(shared):
            (start, offset), (again, further) = one.place, other.place
            if start == again and offset + one.bytes >= further:
                raise ValueError("parts of a range overlap")

"""What changed between two backups: tables by their lists of contents, definitions by object."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from enum import StrEnum

from snapper.values.contents import Contents
from snapper.values.parts import TableRows

_MOST_WORK = 20_000_000
"""Lines of one text times those of the other, in all that are laid side by side: the worst of them
take a minute."""

_MOST_FOR_ONE = 2_250_000
"""The same of one object, such as of twice 1,500 lines."""


class Change(StrEnum):
    """What became of a table or a definition."""

    NEW = "new"
    GONE = "gone"
    MORE = "more rows"
    FEWER = "fewer rows"
    REWRITTEN = "rewritten"
    CHANGED = "changed"


@dataclass(frozen=True)
class Amount:
    """How much there is in a table: rows, and their plain bytes."""

    rows: int
    bytes: int


@dataclass(frozen=True)
class TableChange:
    """One table of which something changed; an amount is None where there is no such table.

    It is REWRITTEN where there are as many rows, and they are not the same.
    """

    schema: str
    table: str
    change: Change
    before: Amount | None
    after: Amount | None

    @property
    def perhaps_order_alone(self) -> bool:
        """Whether the same rows in another order would look like this."""
        return self.change is Change.REWRITTEN and self.before == self.after


@dataclass(frozen=True)
class Definition:
    """One object as the dump defines it, such as a TABLE; `shown` is the text without secrets."""

    kind: str
    name: str
    text: str
    shown: str = ""


@dataclass(frozen=True)
class DefinitionChange:
    """One object whose definition changed, with the lines of a unified diff: of a new one all."""

    kind: str
    name: str
    change: Change
    lines: tuple[str, ...]


def changed_tables(older: Contents, newer: Contents) -> tuple[TableChange, ...]:
    """Give the tables that are not the same in both, by name."""
    before, after = _tables(older), _tables(newer)
    found = []
    for schema, table in sorted(before.keys() | after.keys()):
        one, other = before.get((schema, table), ()), after.get((schema, table), ())
        if _digests(one) != _digests(other):
            was, is_now = _amount(one), _amount(other)
            found.append(TableChange(schema, table, _change(was, is_now), was, is_now))
    return tuple(found)


def changed_definitions(
    older: Iterable[Definition], newer: Iterable[Definition]
) -> tuple[DefinitionChange, ...]:
    """Give the objects whose definition is not the same in both, by kind and name.

    In which order a dump has them does not matter.
    """
    before = _definitions(older)
    after = _definitions(newer)
    found, left = [], _MOST_WORK
    for key in sorted(before.keys() | after.keys()):
        one, other = before.get(key, ()), after.get(key, ())
        if sorted(each.text for each in one) != sorted(each.text for each in other):
            change = Change.CHANGED if one and other else Change.NEW if other else Change.GONE
            was, is_now = _shown(one), _shown(other)
            work = len(was) * len(is_now)
            in_full = work <= min(left, _MOST_FOR_ONE)
            left -= work if in_full else 0
            found.append(DefinitionChange(*key, change, _diff(was, is_now, in_full=in_full)))
    return tuple(found)


_Parts = Sequence[TableRows]


def _tables(contents: Contents) -> Mapping[tuple[str, str], _Parts]:
    found: dict[tuple[str, str], list[TableRows]] = {}
    for each in contents.tables:
        found.setdefault((each.schema, each.table), []).append(each)
    return found


def _digests(parts: _Parts) -> list[tuple[str, int, int]]:
    return sorted((each.sha256, each.rows, each.bytes) for each in parts)


def _amount(parts: _Parts) -> Amount | None:
    if not parts:
        return None
    return Amount(sum(each.rows for each in parts), sum(each.bytes for each in parts))


def _change(before: Amount | None, after: Amount | None) -> Change:
    if before is None:
        return Change.NEW
    if after is None:
        return Change.GONE
    if before.rows == after.rows:
        return Change.REWRITTEN
    return Change.MORE if after.rows > before.rows else Change.FEWER


_Definitions = Sequence[Definition]


def _definitions(found: Iterable[Definition]) -> Mapping[tuple[str, str], _Definitions]:
    kept: dict[tuple[str, str], list[Definition]] = {}
    for each in found:
        kept.setdefault((each.kind, each.name), []).append(each)
    return kept


def _shown(definitions: _Definitions) -> list[str]:
    # A text may hold characters that end a line elsewhere, and not in SQL.
    texts = sorted(each.shown or each.text for each in definitions)
    return [line for text in texts for line in text.split("\n")]


def _diff(before: list[str], after: list[str], *, in_full: bool) -> tuple[str, ...]:
    if before == after:
        return (" what differs is not shown: it may be a secret",)
    if not in_full:
        return (f"-{len(before):,} lines", f"+{len(after):,} lines")
    # Of one that is new or gone nobody needs to be told which lines these are.
    heads = 2 if before and after else 3
    return tuple(unified_diff(before, after, lineterm="", n=3))[heads:]

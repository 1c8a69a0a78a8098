"""The rows that a restore has brought, held against the list of what the backup contains."""

from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from itertools import islice

from snapper.engines.postgresql.trying.counting import Counted, Named
from snapper.engines.postgresql.trying.lacking import Disproven
from snapper.values.contents import Contents
from snapper.values.program import PROGRAM

_NAMED = 5
"""So many are named of the tables that are not as they should be."""

_SYSTEM = "pg_"
"""How the names of schemas begin whose tables are not counted: in one may be an extension's."""


@dataclass
class _Group:
    """One table; or all partitions of one, where rows may have gone from one into another."""

    name: Named
    members: set[Named] = field(default_factory=set)
    listed: int = 0
    rows: int = 0
    unsure: bool = False
    """Whether some may not be counted, or are not the backup's."""


def compare(
    contents: Contents, counted: Counted, left_out: Container[Named], moved: Container[Named]
) -> int:
    """Compare the rows of every table, and give how many tables were compared.

    Of those that were `left_out` for want of an extension nothing is said. A table whose partitions
    have `moved` rows among them is compared as a whole, and so is one whose rows are listed under
    its own name. Raises Disproven, against the backup, with the names and numbers.
    """
    listed: Counter[Named] = Counter()
    for each in contents.tables:
        listed[Named(each.schema, each.table)] += each.rows
    groups, group_of = _grouped(counted, listed, moved)
    faults = [*_missing(listed, group_of, left_out), *_different(groups, listed)]
    if faults:
        more = f"; and so with {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        words = "; ".join(islice(faults, _NAMED))
        raise Disproven(
            f"the restored copy does not hold what the list of the backup's contents says: {words}"
            f"{more}",
            hint=f"{PROGRAM} contents KEY shows the list",
            against_backup=True,
        )
    sure = (group for group in groups if not group.unsure)
    return sum(sum(name in listed for name in group.members) for group in sure)


def _grouped(
    counted: Counted, listed: Counter[Named], moved: Container[Named]
) -> tuple[list[_Group], dict[Named, _Group]]:
    """Group what was counted, and find the group of each name that may be listed."""
    groups: dict[Named, _Group] = {}
    group_of: dict[Named, _Group] = {}
    for table in counted.tables:
        if table.derived:
            continue
        whole = table.whole
        name = whole if whole and (whole in listed or whole in moved) else table.name
        group = groups.setdefault(name, _Group(name))
        group.unsure |= table.rows is None or table.extension
        group.rows += table.rows or 0
        for each in {name, table.name} - group.members:
            group_of[each] = group
            group.members.add(each)
            group.listed += listed[each]
    return list(groups.values()), group_of


def _missing(
    listed: Counter[Named], group_of: dict[Named, _Group], left_out: Container[Named]
) -> Iterator[str]:
    for name, rows in listed.items():
        if not (name in group_of or name in left_out or name.schema.startswith(_SYSTEM)):
            yield f"{name} is not there, and {rows:,} rows are listed"


def _different(groups: list[_Group], listed: Counter[Named]) -> Iterator[str]:
    for group in groups:
        if group.unsure or group.rows == group.listed:
            continue
        there = f"{group.name} has {group.rows:,} rows"
        known = not listed.keys().isdisjoint(group.members)
        yield (
            f"{there}, and {group.listed:,} are listed" if known else f"{there}, and is not listed"
        )

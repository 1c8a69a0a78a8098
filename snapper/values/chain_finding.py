"""What can be wrong with a chain, each with its own kind, and what came of judging one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from snapper.values.job import write_time

NEVER = datetime.min.replace(tzinfo=UTC)
"""The time of what is no backup's."""


class Wrong(StrEnum):
    """The kinds of what is wrong with a chain."""

    REMOVED = "removed"
    ROLLED_BACK = "rolled back"
    REPLACED = "replaced"
    REORDERED = "reordered"
    COPIED = "copied"
    FORGED = "forged"
    UNSIGNED = "unsigned"
    BROUGHT_BACK = "brought back"
    UNCHECKED = "unchecked"


@dataclass(frozen=True)
class ChainFinding:
    """One thing that is wrong, and of which backup's time it is."""

    kind: Wrong
    at: datetime
    fact: str

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        at = None if self.at == NEVER else write_time(self.at)
        return {"kind": self.kind.value, "taken_at": at, "fact": self.fact}


@dataclass(frozen=True)
class ChainJudgement:
    """What came of judging one chain: how much is signed, pruned or from before, what is wrong."""

    database: str
    signed: int
    pruned: int
    unsigned: int
    newest: int
    findings: tuple[ChainFinding, ...]
    remarks: tuple[str, ...]

    @property
    def damaged(self) -> bool:
        """Whether anything is wrong that could be looked at."""
        return any(each.kind is not Wrong.UNCHECKED for each in self.findings)

    @property
    def unchecked(self) -> bool:
        """Whether there was something that could not be looked at."""
        return any(each.kind is Wrong.UNCHECKED for each in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "database": self.database,
            "signed": self.signed,
            "pruned": self.pruned,
            "unsigned": self.unsigned,
            "newest": self.newest,
            "findings": [each.to_dict() for each in self.findings],
            "remarks": list(self.remarks),
        }

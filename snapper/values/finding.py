"""What a check-up finds: how bad, about what, and the fix."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True)
class Finding:
    """One finding; `fix` says what to do, and is empty where all is well."""

    level: Level
    subject: str
    fact: str
    fix: str = ""

    def to_dict(self) -> dict[str, str]:
        """Give the finding as JSON values."""
        return {**asdict(self), "level": self.level.value}

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Self:
        """Read a finding that a function answered with."""
        return cls(
            Level(found["level"]), str(found["subject"]), str(found["fact"]), str(found["fix"])
        )


def ok(subject: str, fact: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(Level.OK, subject, fact)


def warning(subject: str, fact: str, fix: str) -> Finding:
    """Say that something works, but not as well as it should."""
    return Finding(Level.WARNING, subject, fact, fix)


def failure(subject: str, fact: str, fix: str) -> Finding:
    """Say that something keeps backups from being made, or from being whole."""
    return Finding(Level.FAILURE, subject, fact, fix)

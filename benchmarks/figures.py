"""What was measured, as it is kept beside the page that shows it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self

from benchmarks.ways import DISCARD, Run

FILE = Path(__file__).with_name("figures.json")


@dataclass(frozen=True)
class Figure:
    """The medians of one way; `ratio` is that of the seconds to the limit's in the same round."""

    seconds: float
    cpu: float
    stored: int
    peak: int
    ratio: float


@dataclass(frozen=True)
class Measured:
    """One database: its bytes as plain SQL, how many rounds, and each way by its name."""

    title: str
    dumped: int
    rounds: int
    ways: Mapping[str, Figure]


@dataclass(frozen=True)
class Figures:
    """All of one run, and the machine that it was on."""

    machine: str
    at: str
    version: str
    real_aws: bool
    imports: float
    databases: tuple[Measured, ...]
    restores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def to_json(self) -> str:
        """Write them down."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read them back."""
        found: dict[str, Any] = json.loads(text)
        databases = tuple(
            Measured(**{**one, "ways": {name: Figure(**way) for name, way in one["ways"].items()}})
            for one in found["databases"]
        )
        return cls(**{**found, "databases": databases})


def measured(title: str, rounds: list[dict[str, Run]]) -> Measured:
    """Take the medians; ratios are of runs of one round, which met the same machine."""
    first = rounds[0]
    ways = {
        name: Figure(
            round(median(each[name].seconds for each in rounds), 3),
            round(median(each[name].cpu for each in rounds), 3),
            int(median(each[name].stored for each in rounds)),
            int(median(each[name].peak for each in rounds)),
            round(median(each[name].seconds / each[DISCARD].seconds for each in rounds), 3),
        )
        for name in first
    }
    return Measured(title, max(run.dumped for run in first.values()), len(rounds), ways)

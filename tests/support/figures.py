"""The last section of docs/reliability.md: what a run of all tests has tried and survived.

    bin/test --all --figures

writes it, if every test went well.
"""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
MARK = "<!-- figures: bin/test --all --figures writes what follows -->\n"


def section(
    passed: int, seconds: float, seed: object, searched: str, rows: Sequence[tuple[str, int, int]]
) -> str:
    """Write the outcome of a run and its table of faults."""
    order = "in the order of the files" if seed is None else f"in a random order (seed {seed})"
    python = ".".join(platform.python_version_tuple()[:2])
    return "\n".join(
        [
            f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {python}: "
            f"{passed:,} passed in {seconds / 60:.0f} minutes, {order}.",
            f"{searched[0].upper()}{searched[1:]}.",
            "",
            "| faults | tried | survived |",
            "|---|---:|---:|",
            *(f"| {name} | {tried:,} | {survived:,} |" for name, tried, survived in rows),
            "",
        ]
    )


def publish(text: str, page: Path = PAGE) -> None:
    """Put the section in the place of the one that is there."""
    before, mark, _ = page.read_text().partition(MARK)
    page.write_text(before + mark + text)

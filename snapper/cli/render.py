"""How results look: tables for people, one document for programs, sizes and times in words."""

import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

_UNITS = ("bytes", "kB", "MB", "GB", "TB")

# A pipe has no width of its own; what reads it wants whole lines.
_PIPE_WIDTH = 10_000


def document(value: dict[str, Any]) -> None:
    """Print the one JSON document of a command."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """Print rows under their headers: framed on a terminal, aligned and bare in a pipe."""
    terminal = sys.stdout.isatty()
    console = Console(width=None if terminal else _PIPE_WIDTH, highlight=False, markup=False)
    shown = Table(
        title=title or None,
        title_justify="left",
        box=box.SIMPLE_HEAD if terminal else None,
        pad_edge=False,
    )
    for header in headers:
        shown.add_column(header, overflow="fold", justify="right" if header in _NUMBERS else "left")
    for row in rows:
        shown.add_row(*row)
    with console.capture() as captured:
        console.print(shown)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()).strip("\n"))


def say(line: str) -> None:
    """Print a line that belongs to the result."""
    print(line)


def remark(line: str) -> None:
    """Print a line about the result, such as that it is empty: for people, not for programs."""
    print(line, file=sys.stderr)


def number(count: int, one: str, many: str = "") -> str:
    """Give a count with its word.

    >>> number(1, "job"), number(2, "job"), number(0, "copy", "copies")
    ('1 job', '2 jobs', '0 copies')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def age(span: timedelta) -> str:
    """Give a span of time in the two units that matter.

    >>> age(timedelta(days=1, hours=2, minutes=3))
    '1d 2h'
    """
    minutes = max(int(span.total_seconds()), 0) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {minutes % 60}m" if hours else f"{minutes}m"


def seconds(span: timedelta) -> str:
    """Give a span of time in seconds."""
    return f"{span.total_seconds():.0f} s"


_NUMBERS = frozenset({"size", "rows", "tables", "backups", "pruned"})


def size(count: int) -> str:
    """Give a number of bytes in the unit that people would choose.

    >>> size(1_536_000)
    '1.5 MB'
    """
    value = float(count)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")

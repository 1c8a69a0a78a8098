"""How results look: tables for people, one document for programs, sizes and times in words."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import zip_longest
from typing import IO, Any, TextIO, cast

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from snapper.cli.lines import fitted
from snapper.cli.streams import with_controls, write_document
from snapper.values.visible import one_line, visible

_UNITS = ("bytes", "kB", "MB", "GB", "TB")

_GAP = 2
"""Columns between two columns of a table."""

_EDGES = 2
"""Columns that a frame takes left and right of a table."""

PROSE = 24
"""Columns that a table's last column gets, if it has so much to say and others can be spared."""

_LEAST = 10
"""Columns that it gets in any case; without them a line is wider than the screen."""


_BAD_WORDS = (
    *("DAMAGED", "FAILED", "FAILING", "LATE", "SHRUNK", "NO BACKUP", "UNRESTORABLE", "UNPROVEN"),
    *("REMOVED", "ROLLED BACK", "REPLACED", "REORDERED", "COPIED", "FORGED", "UNSIGNED", "WRONG"),
    *("BROUGHT BACK", "UNCHECKED", "NOT JUDGED"),
    *("NOT RESTORED", "NOT OPENED", "NOT RECORDED", "NOT PROVEN", "DIFFERENT"),
    "STAMPED LATER THAN NOW",
)
_WRONG = rf"\b({'|'.join(_BAD_WORDS)})\b|^failure$"
_DOUBTFUL = "^warning$"
"""What tables say in colour, beside the first column, whose names are of the user's choice."""

_Rows = Sequence[Sequence[str]]


class Lines(str):
    """The lines of a cell, parted by us; any other end of a line in a cell is part of a name."""

    __slots__ = ()


class Screen(Console):
    """A console for plain words, on stderr: talk; whose reader may go away."""

    def __init__(self, width: int | None = None, *, stderr: bool = True) -> None:
        super().__init__(width=width, stderr=stderr, highlight=False, markup=False, emoji=False)

    @property  # type: ignore[misc]  # nobody sets it
    def file(self) -> IO[str]:
        """The stream, on which rich moves the cursor and colours."""
        return with_controls(cast("TextIO", super().file))

    def _render_buffer(self, buffer: Iterable[Segment]) -> str:
        """Let nothing act on the terminal but rich itself: text has only what may be shown."""
        return super()._render_buffer(
            each if each.control else each._replace(text=visible(each.text)) for each in buffer
        )

    def on_broken_pipe(self) -> None:
        """Report it as for any other output; rich would end the program at once."""
        raise  # what rich has caught


def document(value: dict[str, Any]) -> None:
    """Print the one JSON document of a command: in one line, or indented on a terminal.

    Python indents slowly.
    """
    write_document(value, indent=2 if sys.stdout.isatty() else None)


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    spare: Sequence[str] = (),
    prose: int = PROSE,
) -> None:
    """Print rows under their headers: framed on a terminal, aligned and bare in a pipe.

    What reads a pipe wants whole lines. On a terminal the last column alone is prose, and wraps
    between words; times and names are never cut. Where a terminal is too narrow to leave it a width
    of `prose` or of its longest word, the table goes without the `spare` columns, the first of them
    first.
    """
    rows = [[one_line(c) if not isinstance(c, Lines) else c for c in row] for row in rows]
    if not sys.stdout.isatty():
        lines = _aligned([headers, *rows], [header in _NUMBERS for header in headers])
        print("\n".join(lines), file=with_controls(sys.stdout))
        return
    width = Screen(stderr=False).width - _EDGES
    words = [word for row in rows for word in row[-1].split()]
    prose = max([prose, *(cell_len(word) for word in words if cell_len(word) < width // 2)])
    headers, *rows = _fitting([headers, *rows], spare, width, prose)
    console = Screen(max(width, _needed([headers, *rows], _LEAST)) + _EDGES, stderr=False)
    # A frame has a column of its own between two.
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, _GAP - 1, 0, 0))
    for header in headers:
        grid.add_column(
            header,
            no_wrap=header != headers[-1],
            overflow="fold",
            justify="right" if header in _NUMBERS else "left",
        )
    for row in rows:
        grid.add_row(row[0], *map(_coloured, row[1:]))
    with console.capture() as captured:
        console.print(grid)
    shown = "\n".join(line.rstrip() for line in captured.get().splitlines())
    print(shown.strip("\n"), file=with_controls(sys.stdout))


def _aligned(rows: _Rows, right: Sequence[bool]) -> Iterator[str]:
    """Give the lines of a table whose rows may be as wide as they are, and many."""
    widths = [_widest(column) for column in zip(*rows, strict=True)]
    for row in rows:
        for cells in zip_longest(*(cell.splitlines() for cell in row), fillvalue=""):
            padded = [
                f"{' ' * (width - cell_len(cell))}{cell}"
                if to_the_right
                else f"{cell}{' ' * (width - cell_len(cell))}"
                for cell, width, to_the_right in zip(cells, widths, right, strict=True)
            ]
            yield (" " * _GAP).join(padded).rstrip()


def _coloured(cell: str) -> Text:
    """Mark what is wrong; a console without colours leaves that out."""
    text = Text(cell)
    text.highlight_regex(_WRONG, "bold red")
    text.highlight_regex(_DOUBTFUL, "yellow")
    return text


def _fitting(rows: _Rows, spare: Sequence[str], width: int, prose: int) -> _Rows:
    for name in spare:
        if _needed(rows, prose) <= width:
            break
        place = rows[0].index(name)
        rows = [[*row[:place], *row[place + 1 :]] for row in rows]
    return rows


def _needed(rows: _Rows, prose: int) -> int:
    """Give the width at which only the last column wraps, and has so much room for its prose."""
    *firm, last = zip(*rows, strict=True)
    return sum(_widest(column) + _GAP for column in firm) + min(prose, _widest(last))


def _widest(column: Sequence[str]) -> int:
    return max(cell_len(line) for cell in column for line in ["", *cell.splitlines()])


def with_fixes(fact: str, *fixes: str) -> Lines:
    """Give a fact and what helps: below each other for people, in one line for programs."""
    between = "\n-> " if sys.stdout.isatty() else " -> "
    return Lines(between.join(map(one_line, [fact, *filter(None, fixes)])))


def say(line: str) -> None:
    """Print a line that belongs to the result."""
    print(fitted(_whole(line), sys.stdout))


def remark(line: str) -> None:
    """Print a line about the result, such as that it is empty: for people, not for programs."""
    print(fitted(_whole(line), sys.stderr), file=sys.stderr)


def _whole(line: str) -> str:
    return line if isinstance(line, Lines) else one_line(line)


def number(count: int, one: str, many: str = "") -> str:
    """Give a count with its word.

    >>> number(1, "job"), number(2, "job"), number(0, "copy", "copies")
    ('1 job', '2 jobs', '0 copies')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def either(keys: Sequence[str] | None) -> str:
    """Give the named databases as those of which there is nothing.

    >>> either(["orders", "users"]), either(None)
    ('orders or users', 'any database')
    """
    return " or ".join(keys or ["any database"])


def age(span: timedelta) -> str:
    """Give a span of time in the two units that matter.

    >>> age(timedelta(days=1, hours=2, minutes=3))
    '1d 2h'
    """
    minutes = max(int(span.total_seconds()), 0) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days}d {hours}h" if hours else f"{days}d"
    return f"{hours}h {minutes % 60}m" if hours else f"{minutes}m"


def seconds(span: timedelta) -> str:
    """Give a span of time in seconds."""
    return f"{span.total_seconds():.0f} s"


_NUMBERS = frozenset(
    {"size", "rows", "tables", "backups", "pruned", "newest", "signed", "unsigned"}
)


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

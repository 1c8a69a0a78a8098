"""Lines of plain words: wrapped between words and coloured on a terminal, as they are elsewhere."""

import os
import sys
import textwrap
from typing import TextIO

from snapper.cli.streams import with_controls
from snapper.values.visible import visible

_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[33m"}
_END = "\x1b[0m"


def labelled(kind: str, words: str, stream: TextIO) -> str:
    """Give the words after `error:`, `warning:` or another label, for this stream.

    If they have more lines these are indented: none looks as if it had a label of its own.
    """
    first, *more = visible(words).split("\n")
    lines = [first, *(line if line[:1] in ("", " ") else f"  {line}" for line in more)]
    label, text = f"{kind}:", fitted(f"{kind}: " + "\n".join(lines), stream)
    plain = not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if plain or kind not in _COLOURS:
        return text
    return f"{_COLOURS[kind]}{label}{_END}{text.removeprefix(label)}"


def tell(kind: str, words: str) -> None:
    """Write the words after their label on stderr."""
    print(labelled(kind, words, sys.stderr), file=with_controls(sys.stderr))


def warn(warning: str) -> None:
    """Print a warning where it is no part of the result."""
    tell("warning", warning)


def fitted(text: str, stream: TextIO) -> str:
    """Break lines between words where the stream's terminal is too narrow; words stay whole."""
    if not stream.isatty():
        return text
    width = _width(stream)
    return "\n".join(_wrapped(line, width) for line in text.splitlines())


def _wrapped(line: str, width: int) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _width(stream: TextIO) -> int:
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80

"""Colour for what went wrong, where a terminal shows it and nobody has switched it off."""

import os
from typing import TextIO

_CODES = {"error": "\x1b[1;31m", "warning": "\x1b[33m"}
_END = "\x1b[0m"


def label(kind: str, stream: TextIO) -> str:
    """Give `error:` or `warning:` as it begins a line on this stream."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return f"{kind}:"
    return f"{_CODES[kind]}{kind}:{_END}"

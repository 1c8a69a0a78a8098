"""One password of every printable character, and all the ways in which a tool might spell it."""

import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

PRINTABLE = "".join(map(chr, range(32, 127)))

# In leaps, so that no piece of it stands in any text by accident; no space at either end.
EVERY = "".join(PRINTABLE[(5 + 37 * n) % len(PRINTABLE)] for n in range(len(PRINTABLE)))

SPELLINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "Python": lambda text: repr(text)[1:-1],
    "JSON": lambda text: json.dumps(text)[1:-1],
    "percent": lambda text: quote(text, safe=""),
    "percent, small": lambda text: re.sub("%..", lambda one: one[0].lower(), quote(text, safe="")),
    "percent of a path": quote,
    "percent of a form": quote_plus,
    "SQL": lambda text: text.replace("'", "''"),
    "SQL with escapes": lambda text: text.replace("\\", "\\\\").replace("'", "''"),
    "libpq": lambda text: text.replace("\\", "\\\\").replace("'", "\\'"),
}


def pieces(password: str, size: int) -> set[str]:
    """Give every piece of that size of every spelling that has something of the password in it."""
    return {
        spelled[start : start + size]
        for spelling in SPELLINGS.values()
        if (spelled := spelling(password))
        for start in range(len(spelled) - size + 1)
    }

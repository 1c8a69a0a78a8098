"""What somebody may have meant who mistyped a word."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """Ask for the known word that is closest to the typed one; give nothing if none is close.

    >>> did_you_mean("lsit", ["list", "status"]), did_you_mean("xyz", ["list"])
    ('did you mean list?', '')
    """
    nearest = get_close_matches(typed, list(known), n=1)
    return f"did you mean {nearest[0]}?" if nearest else ""

"""What somebody may have meant who mistyped a word."""

from collections.abc import Iterable
from difflib import get_close_matches

_CLOSE = 0.7  # of 1; less makes --region of --version


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """Ask for the known word that is closest to the typed one; give nothing if none is close.

    >>> did_you_mean("lsit", ["list", "status"]), did_you_mean("xyz", ["list"])
    ('did you mean list?', '')
    """
    spelled = {each.casefold(): each for each in known}
    nearest = get_close_matches(typed.casefold(), spelled, n=1, cutoff=_CLOSE)
    return f"did you mean {spelled[nearest[0]]}?" if nearest else ""

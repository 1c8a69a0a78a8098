"""Takes secrets out of text that other programs wrote, before anyone reads it."""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = "***"

# A shorter secret is not masked by itself: masking every "a" would spell it out.
_SHORTEST = 4

_ESCAPE = re.compile("%[0-9A-F]{2}")
_KEYWORD_PASSWORD = re.compile(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)", re.IGNORECASE)
_URI_PASSWORD = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s]*@", re.IGNORECASE)


class Redactor:
    """Masks secrets in every spelling that it is given, and all that looks like a password."""

    def __init__(self, spellings: Iterable[str] = ()) -> None:
        self._needles: list[str] = []
        self.learn(spellings)

    def learn(self, spellings: Iterable[str]) -> None:
        """Mask these from now on as well."""
        known = {each for each in spellings if len(each) >= _SHORTEST}
        self._needles = sorted({*known, *self._needles}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Give the text with every known secret, and all that looks like one, masked."""
        for needle in self._needles:
            text = text.replace(needle, MASK)
        text = _URI_PASSWORD.sub(rf"\1{MASK}@", text)
        return _KEYWORD_PASSWORD.sub(rf"\1{MASK}", text)


def spellings(secret: str) -> list[str]:
    """Give a secret as URIs, connection strings, SQL, Python and JSON write it.

    >>> spellings("it's")[1]
    'it%27s'
    """
    escaped = secret.replace("\\", "\\\\")
    upper = [quote(secret, safe=""), quote(secret), quote_plus(secret)]
    lower = [_ESCAPE.sub(lambda found: found[0].lower(), each) for each in upper]
    quoted = [escaped.replace("'", "\\'"), escaped.replace("'", "''"), secret.replace("'", "''")]
    return [secret, *upper, *lower, *quoted, repr(secret)[1:-1], json.dumps(secret)[1:-1]]

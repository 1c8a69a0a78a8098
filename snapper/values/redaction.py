"""Takes secrets out of text that other programs wrote, before anyone reads it."""

import json
import re
from urllib.parse import quote, quote_plus

from snapper.engines.postgresql.connection import Connection
from snapper.errors import SettingsError

MASK = "***"

# A shorter secret is not masked by itself: masking every "a" would spell it out.
_SHORTEST = 4

_URI_PASSWORD = re.compile(r"(postgres(?:ql)?://[^\s:/@]*:)[^\s]*@")
# The password of a URI as its owner spelled it: any mix of raw and encoded characters.
_AS_WRITTEN = re.compile(r"(?:^postgres(?:ql)?://[^:@/]*:|[?&]password=)([^@/&]+)")
_ESCAPE = re.compile("%[0-9A-F]{2}")
_KEYWORD_PASSWORD = re.compile(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)", re.IGNORECASE)


class Redactor:
    """Masks one database's secrets in every spelling in which a tool might print them."""

    def __init__(self, connection: str = "") -> None:
        self._needles = sorted(set(_spellings(connection)), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Give the text with every known secret, and all that looks like one, masked."""
        for needle in self._needles:
            text = text.replace(needle, MASK)
        text = _URI_PASSWORD.sub(rf"\1{MASK}@", text)
        return _KEYWORD_PASSWORD.sub(rf"\1{MASK}", text)


def _spellings(connection: str) -> list[str]:
    spellings = [connection, *_AS_WRITTEN.findall(connection)]
    try:
        password = Connection.parse(connection).password if connection else None
    except SettingsError:
        password = None
    if password:
        escaped = password.replace("\\", "\\\\")
        spellings += [password, *_percent_encoded(password)]
        # As libpq's strings, SQL's two kinds of strings, Python and JSON quote it.
        spellings += [escaped.replace("'", "\\'"), escaped.replace("'", "''")]
        spellings += [password.replace("'", "''"), repr(password)[1:-1], json.dumps(password)[1:-1]]
    return [spelling for spelling in spellings if len(spelling) >= _SHORTEST]


def _percent_encoded(password: str) -> list[str]:
    upper = [quote(password, safe=""), quote(password), quote_plus(password)]
    return upper + [_ESCAPE.sub(lambda found: found[0].lower(), spelling) for spelling in upper]

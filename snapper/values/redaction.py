"""Takes secrets out of text that other programs wrote, before anyone reads it."""

import re
from urllib.parse import quote

from snapper.errors import SettingsError
from snapper.values.connection import Connection

MASK = "***"

# A shorter secret is not masked by itself: masking every "a" would spell it out.
_SHORTEST = 4

_URI_PASSWORD = re.compile(r"(postgres(?:ql)?://[^\s:/@]*:)[^\s]*@")
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
    try:
        password = Connection.parse(connection).password if connection else None
    except SettingsError:
        password = None
    spellings = [connection]
    if password:
        escaped = password.replace("\\", "\\\\").replace("'", "\\'")
        doubled = password.replace("'", "''")
        spellings += [password, quote(password, safe=""), quote(password), escaped, doubled]
        spellings += [repr(password)[1:-1]]
    return [spelling for spelling in spellings if len(spelling) >= _SHORTEST]

"""A server's words without the names in them: how somebody has named a thing decides nothing."""

import re
from collections.abc import Iterable

from snapper.engines.postgresql.conninfo.connection import Connection

NAME = '""'
"""What stands in place of a name in quotes."""

_NAMING = ("dbname", "user", "host", "hostaddr", "application_name", "options")
_LONGEST = 63
"""Bytes of a name that a server keeps."""

# As PostgreSQL's translations write them, some with a blank inside.
_OPENS, _CLOSES = "[\"'«»„“「][ \u00a0]?", "[ \u00a0]?[\"'»«“”」]"
_QUOTED = re.compile(
    r'"[^"]*"|«[^»]*»|»[^«]*«|„[^“”]*[“”]|“[^”]*”|「[^」]*」'
    r"|(?<!\w)'[^']*'(?!\w)"
)
_BARE = r"((?:\b(?:database|user|role)|:) )%s(?=\s*$)"
"""How poolers write a name, behind such a word at the end of a line."""


def without_names(message: str, connection: Connection) -> str:
    """Leave out what the connection names, and whatever else stands in quotes."""
    for name in sorted(set(_names(connection)), key=len, reverse=True):
        known = re.escape(name)
        message = re.sub(_OPENS + known + _CLOSES, NAME, message)
        message = re.sub(_BARE % known, rf"\1{NAME}", message, flags=re.MULTILINE)
    return without_quoted(message)


def without_quoted(message: str) -> str:
    """Leave out whatever stands in quotes.

    >>> without_quoted('FATAL: database "refused" does not exist')
    'FATAL: database "" does not exist'
    """
    return _QUOTED.sub(NAME, message)


def _names(connection: Connection) -> Iterable[str]:
    for keyword in _NAMING:
        if name := connection.parameters.get(keyword, ""):
            yield name
            yield name.encode(errors="replace")[:_LONGEST].decode(errors="ignore")

"""The secrets of one connection in every spelling in which a tool might print them."""

import re

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.errors import SettingsError
from snapper.values.redaction import Redactor, spellings

# The password of a URI as its owner spelled it: any mix of raw and encoded characters.
_AS_WRITTEN = re.compile(r"(?:^postgres(?:ql)?://[^:@/]*:|[?&]password=)([^@/&]+)")


def redactor(connection: str = "") -> Redactor:
    """Give what masks the connection itself and its password, also where it cannot be read."""
    written = [connection, *_AS_WRITTEN.findall(connection)]
    try:
        password = Connection.parse(connection).password if connection else None
    except SettingsError:
        password = None
    return Redactor([*written, *(spellings(password) if password else ())])

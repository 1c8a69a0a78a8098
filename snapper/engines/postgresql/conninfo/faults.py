"""What is wrong with a connection string, before anybody connects; never a piece of it."""

import re
from collections.abc import Iterator

from snapper.engines.postgresql.conninfo.connection import Connection, ConnectionInvalid

# A connection that seems to begin inside another one: what should end the first row is missing or
# misspelt, and libpq would read both rows as one connection without a word.
_SWALLOWED_ROW = re.compile(
    r"[,|]\s*(?:[a-z]+://|(?:host|hostaddr|port|dbname|user|password|service|sslmode)\s*=)",
    re.IGNORECASE,
)


def faults(connection: str) -> Iterator[str]:
    """Give a sentence for each fault."""
    if _SWALLOWED_ROW.search(connection):
        yield (
            "it seems to hold a second row: the type or the '|' between them is missing "
            "or not known (in a password ',' can be written %2C, and '|' %7C)"
        )
        return
    try:
        Connection.parse(connection)
    except ConnectionInvalid as error:
        yield str(error)

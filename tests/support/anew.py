"""Where backups are restored anew, and as whom."""

from collections.abc import Callable

from snapper.engines.facts import Restoration
from tests.support.databases import Source

OWNER = "restores_as_owner"
"""A role that is no superuser and may make databases."""

Anew = Callable[..., Restoration]
"""Restores a source's backup into the database of a connection, which it makes."""

Owner = Callable[..., str]
"""Gives the role's connection to a database on the server of a source."""


def beside(made: Source, what: str) -> Source:
    return Source(made.server, f"{made.name} {what}")

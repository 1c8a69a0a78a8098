"""Doctor's questions to a server: what would keep a backup of it from being whole."""

import re
from collections.abc import Iterator

from snapper.engines.postgresql.client_tools import ClientTools
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.names import quoted
from snapper.engines.postgresql.privileges import Privileges, privileges
from snapper.engines.postgresql.redaction import redactor
from snapper.errors import SettingsError, SnapperError
from snapper.values.finding import Finding, failure, ok, warning

_SHOWN = 5


def examine_clients(tools: ClientTools) -> Iterator[Finding]:
    """Have every bundled pg_dump say its version."""
    try:
        majors = tools.majors()
    except SettingsError as error:
        yield failure("clients", str(error), error.hint)
        return
    for major in majors:
        try:
            yield ok(f"pg_dump {major}", f"runs: {tools.version('pg_dump', major)}")
        except SettingsError as error:
            yield failure(f"pg_dump {major}", str(error), "run pulumi up to restore the layer")


def examine(text: str) -> Iterator[Finding]:
    """Look for what the connection's role may not read."""
    connection = Connection.parse(text)
    try:
        yield from _rights(privileges(connection, redactor(text)), _role(connection))
    except SnapperError as error:
        yield failure("rights", str(error), error.hint)


def _rights(found: Privileges, role: str) -> Iterator[Finding]:
    if found.unreadable:
        yield failure(
            "rights", f"may not read {_some(found.unreadable)}", f"GRANT pg_read_all_data TO {role}"
        )
    else:
        yield ok("rights", "every table and sequence can be read")
    if found.hidden_rows:
        yield failure(
            "row security",
            f"policies would hide rows of {_some(found.hidden_rows)}, so pg_dump refuses",
            f"ALTER ROLE {role} BYPASSRLS",
        )
    if found.unreadable_large_objects:
        yield failure(
            "large objects",
            f"may not read {found.unreadable_large_objects} of {found.large_objects}",
            f"make {role} a member of their owner, or GRANT SELECT ON LARGE OBJECT … TO {role}",
        )
    elif found.large_objects:
        yield ok("large objects", f"every one of {found.large_objects} can be read")
    if found.hidden_subscriptions:
        yield warning(
            "subscriptions",
            f"{found.hidden_subscriptions} will not be in the backup: pg_dump shows them to "
            "superusers only",
            "keep their CREATE SUBSCRIPTION elsewhere, or back up as a superuser",
        )


def _role(connection: Connection) -> str:
    user = connection.parameters.get("user", "")
    return user if re.fullmatch("[a-z_][a-z0-9_]*", user) else quoted(user)


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_SHOWN])
    more = len(names) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown

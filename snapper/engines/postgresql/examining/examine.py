"""Doctor's questions to a server: what would keep a backup of it from being whole."""

import re
from collections.abc import Iterable, Iterator

from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.examining.privileges import Privileges, privileges
from snapper.engines.postgresql.naming.names import quoted
from snapper.engines.postgresql.newer_majors.newer import Refused
from snapper.errors import SettingsError, SnapperError
from snapper.values.finding import Finding, failure, ok, warning
from snapper.values.omission import some
from snapper.values.options import UNSET, Options
from snapper.values.redaction import Redactor

_LIMIT = 900
"""Seconds that a Lambda function has."""
_TOLD_FROM, _WARNED_FROM = 10_000, 100_000
"""Large objects whose number matters, however near the server is now: a restore meets them too."""
_TOLD_AFTER, _WARNED_AFTER = 60.0, 450.0
"""Seconds that the answers about them take, for the same."""


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


def examine(
    connection: Connection, redact: Redactor, options: Options = UNSET
) -> Iterator[Finding]:
    """Look for what the connection's role may not read, and the options do not leave out."""
    try:
        yield from _rights(privileges(connection, redact, options), _role(connection))
    except SnapperError as error:
        yield failure("rights", str(error), error.hint)


def examine_newer(refused: Iterable[Refused]) -> Iterator[Finding]:
    """Say which majors will not take all that is in the database, and what of it."""
    for each in refused:
        yield warning(
            f"PostgreSQL {each.since}",
            f"this and newer ones do not take all of the database as it is: {each}",
            "change it before you move there; a restore into the server's own major takes it all",
        )


def _rights(found: Privileges, role: str) -> Iterator[Finding]:
    if found.unreadable:
        yield failure(
            "rights", f"may not read {some(found.unreadable)}", f"GRANT pg_read_all_data TO {role}"
        )
    else:
        yield ok("rights", "every table and sequence can be read")
    if found.hidden_rows:
        yield failure(
            "row security",
            f"policies would hide rows of {some(found.hidden_rows)}, so pg_dump refuses",
            f"ALTER ROLE {role} BYPASSRLS",
        )
    if found.unreadable_large_objects:
        yield failure(
            "large objects",
            f"may not read {found.unreadable_large_objects:,} of {found.large_objects:,}",
            f"make {role} a member of their owner, or GRANT SELECT ON LARGE OBJECT … TO {role}",
        )
    elif found.large_objects:
        yield _large_objects(found)
    if found.locked > found.lockable:
        yield warning(
            "locks",
            f"pg_dump locks all {found.locked:,} tables at once, and the server has room for "
            f"{found.lockable:,} locks of everybody's",
            "raise max_locks_per_transaction on the server and restart it",
        )


def _large_objects(found: Privileges) -> Finding:
    """Say how long their number takes: it counts more than their size."""
    fact = f"every one of {found.large_objects:,} can be read"
    number, seconds = found.large_objects, found.large_object_seconds
    if number < _TOLD_FROM and seconds < _TOLD_AFTER:
        return ok("large objects", fact)
    fact += (
        "; pg_dump fetches them one by one, so waiting for the server's answers alone takes "
        f"about {seconds:,.0f} s of the {_LIMIT} s that a dump has"
    )
    if number < _WARNED_FROM and seconds < _WARNED_AFTER:
        return ok("large objects", fact)
    return warning(
        "large objects",
        fact,
        "remove those that no row names (vacuumlo), keep files elsewhere or as bytea, or put the "
        "dumper nearer to the server",
    )


def _role(connection: Connection) -> str:
    user = connection.parameters.get("user", "")
    if not user:
        return "the user"  # whom a secret names
    return user if re.fullmatch("[a-z_][a-z0-9_]*", user) else quoted(user)

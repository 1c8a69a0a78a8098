"""Look at the target of a restore, and change nothing."""

from collections.abc import Iterator

from snapper.engines.facts import Content, Rehearsal
from snapper.engines.postgresql.connecting.session import connect
from snapper.engines.postgresql.conninfo.connection import Connection
from snapper.engines.postgresql.conninfo.redaction import redactor
from snapper.engines.postgresql.dumping.client_tools import ClientTools
from snapper.engines.postgresql.inspecting.property_sql import differences, role_missing
from snapper.engines.postgresql.inspecting.recorded import Recorded, major_of
from snapper.engines.postgresql.inspecting.server import ServerFacts, inspect
from snapper.engines.postgresql.naming.names import TEMPLATES, database_name
from snapper.engines.postgresql.newer_majors import newer
from snapper.engines.postgresql.restoring.foreseen import foreseen
from snapper.engines.postgresql.target.content import content, exists, unfinished_databases
from snapper.engines.postgresql.target.maintenance import maintenance
from snapper.engines.postgresql.target.roles import create_roles, missing_roles
from snapper.errors import DatabaseUnreachable, SettingsError, SnapperError
from snapper.values.job import write_time
from snapper.values.manifest import Manifest
from snapper.values.redaction import Redactor


def rehearse(target: str, manifest: Manifest, tools: ClientTools, *, may_create: bool) -> Rehearsal:
    """Look at the target; nothing is changed.

    Raises SettingsError where the database is not there and may not be made, or is a template,
    DatabaseUnreachable, DatabaseUnsupported.
    """
    redact = redactor(target)
    connection = Connection.parse(target)
    absent_hint = "" if may_create else "add --create to make it"
    present = is_database_there(connection, redact, absent_hint=absent_hint)
    asked = connection if present else maintenance(connection, redact)
    server = inspect(asked, redact)
    tools.major_for(server.major)
    backup = Recorded.of(manifest)
    return Rehearsal(
        place=connection.place,
        content=content(connection, redact) if present else None,
        is_source=present and server.identity == manifest.source,
        missing_roles=missing_roles(asked, backup.roles, redact),
        warnings=(
            *_warnings(manifest, server, server.encoding if present else backup.encoding),
            *foreseen(asked, redact, backup, present=present),
            *_properties(asked, redact, backup, server, present=present),
            *_left_behind(unfinished_databases(asked, redact)),
        ),
        server_version=server.version,
        asked_in=database_name(asked),
    )


def look(target: str) -> Content | None:
    """Count what the target holds; None if it is not there. Raises as `rehearse` does."""
    connection, redact = Connection.parse(target), redactor(target)
    try:
        return content(connection, redact)
    except DatabaseUnreachable:
        if not _is_missing(connection, redact):
            raise
    return None


def make_roles(target: str, rehearsal: Rehearsal) -> tuple[str, ...]:
    """Make the roles that are missing, by name only, and give them.

    Raises RestoreFailed, DatabaseUnreachable: then none was made.
    """
    if rehearsal.missing_roles:
        connection, redact = Connection.parse(target), redactor(target)
        asked = maintenance(connection, redact) if rehearsal.creates else connection
        create_roles(asked, rehearsal.missing_roles, redact)
    return rehearsal.missing_roles


def is_database_there(connection: Connection, redact: Redactor, *, absent_hint: str) -> bool:
    """Tell whether it is.

    Raises SettingsError for a template, and where it is not there, with this hint unless that is
    empty; DatabaseUnreachable, DatabaseUnsupported.
    """
    if database_name(connection) in TEMPLATES:
        raise SettingsError(
            f"{connection.place} is the template that new databases are copied from",
            hint="restore into a database of its own",
        )
    try:
        connect(connection, redact).close()
    except DatabaseUnreachable:
        if not _is_missing(connection, redact):
            raise
    else:
        return True
    if absent_hint:
        raise SettingsError(f"there is no database {connection.place}", hint=absent_hint)
    return False


def _is_missing(connection: Connection, redact: Redactor) -> bool:
    try:
        return not exists(connection, redact)
    except SnapperError:
        return False


def mismatches(manifest: Manifest, server: ServerFacts, encoding: str) -> Iterator[str]:
    """Say in what backup and target differ that may be in the way, and if its time surprises."""
    if manifest.late:
        yield (
            f"this backup was begun at {write_time(manifest.started_at)}, and holds what was there "
            f"then, not at {write_time(manifest.scheduled_at)}"
        )
    if server.major < major_of(manifest):
        yield (
            f"the backup is of PostgreSQL {major_of(manifest)}, the target is the older "
            f"{server.major}: what the older one does not support will stop the restore"
        )
    backup = Recorded.of(manifest)
    if encoding != backup.encoding:
        yield f"the backup is in {backup.encoding}, the target in {encoding}"


def _warnings(manifest: Manifest, server: ServerFacts, encoding: str) -> tuple[str, ...]:
    backup = Recorded.of(manifest)
    found = list(mismatches(manifest, server, encoding))
    found += [omission.fact for omission in backup.omitted or ()]
    found += newer.foreseen(backup.refused, major_of(manifest), server.major)
    return tuple(found)


def _properties(
    asked: Connection, redact: Redactor, backup: Recorded, server: ServerFacts, *, present: bool
) -> Iterator[str]:
    """Name what is not restored of all that was set on the backup's database itself."""
    if backup.properties is None:
        if not present:
            yield (
                "the backup does not say what was set on its database itself: settings, rights,"
                " comment, owner, locale"
            )
    elif not present:
        named = tuple(set(backup.properties.roles) - set(backup.roles))
        for role in missing_roles(asked, tuple(sorted(named)), redact):
            yield role_missing(role)
    elif server.properties and (other := differences(backup.properties, server.properties)):
        yield (
            "what is set on the target itself stays, and is not as in the backup:"
            f" {', '.join(other)}"
        )


def _left_behind(unfinished: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        f"on this server there is {name}, of a restore that is under way, was killed or could not "
        "name it: drop it if none is under way"
        for name in unfinished
    )

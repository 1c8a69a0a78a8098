"""Look at the target of a restore before and after, and refuse what would hurt it."""

from collections.abc import Iterator
from dataclasses import dataclass

from snapper.engines.postgresql.client_tools import ClientTools
from snapper.engines.postgresql.connection import Connection
from snapper.engines.postgresql.names import MAINTENANCE, TEMPLATES, database_name
from snapper.engines.postgresql.property_sql import differences
from snapper.engines.postgresql.server import ServerFacts, connect, inspect
from snapper.engines.postgresql.target import (
    Content,
    content,
    create_roles,
    exists,
    missing_roles,
    unfinished_databases,
)
from snapper.errors import DatabaseUnreachable, SettingsError, SnapperError
from snapper.values.job import write_time
from snapper.values.manifest import Manifest
from snapper.values.redaction import Redactor


@dataclass(frozen=True)
class Rehearsal:
    """What a restore would meet; `content` is None where the database is not there yet."""

    place: str
    server: ServerFacts
    content: Content | None
    is_source: bool
    missing_roles: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def creates(self) -> bool:
        """Whether the database must be made first."""
        return self.content is None


def rehearse(target: str, manifest: Manifest, tools: ClientTools, *, may_create: bool) -> Rehearsal:
    """Look at the target; nothing is changed.

    Raises SettingsError where the database is not there and may not be made, or is a template,
    DatabaseUnreachable, DatabaseUnsupported.
    """
    redact = Redactor(target)
    connection = Connection.parse(target)
    if database_name(connection) in TEMPLATES:
        raise SettingsError(
            f"{connection.place} is the template that new databases are copied from",
            hint="restore into a database of its own (--create)",
        )
    present = _is_there(connection, redact, may_create=may_create)
    asked = connection if present else connection.replace(dbname=MAINTENANCE)
    server = inspect(asked, redact)
    tools.major_for(server.major)
    return Rehearsal(
        place=connection.place,
        server=server,
        content=content(connection, redact) if present else None,
        is_source=present and server.identity == manifest.source,
        missing_roles=missing_roles(asked, manifest.roles, redact),
        warnings=(
            *_warnings(manifest, server, server.encoding if present else manifest.encoding),
            *_properties(asked, redact, manifest, server, present=present),
            *_left_behind(unfinished_databases(asked, redact)),
        ),
    )


def _is_there(connection: Connection, redact: Redactor, *, may_create: bool) -> bool:
    try:
        connect(connection, redact).close()
    except DatabaseUnreachable:
        if not _is_missing(connection, redact):
            raise
    else:
        return True
    if not may_create:
        raise SettingsError(
            f"there is no database {connection.place}", hint="say --create to have it made"
        )
    return False


def _is_missing(connection: Connection, redact: Redactor) -> bool:
    try:
        return not exists(connection, redact)
    except SnapperError:
        return False


def refuse(
    rehearsal: Rehearsal, manifest: Manifest, *, force: bool, typed: str, may_make_roles: bool
) -> None:
    """Raise SettingsError for a target that a restore would hurt, unless it was said that it may.

    `force` allows a target that is not empty; `typed` must be the database's key where the target
    is the very database that the backup was made of. Roles that are missing would stop the
    restore midway.
    """
    if rehearsal.is_source and typed != manifest.database:
        raise SettingsError(
            f"{rehearsal.place} is the database that this backup was made of",
            hint=f"restore into another one, or say --over-source {manifest.database}",
        )
    if rehearsal.content is not None and not rehearsal.content.empty and not force:
        raise SettingsError(
            f"{rehearsal.place} is not empty: {rehearsal.content}",
            hint="restore into a new database (--create), or say --force",
        )
    if rehearsal.missing_roles and not may_make_roles:
        raise SettingsError(
            f"{rehearsal.place} lacks the roles {', '.join(rehearsal.missing_roles)}",
            hint="CREATE ROLE … for each, or say --create-roles to make them without login",
        )


def make_roles(target: str, rehearsal: Rehearsal) -> tuple[str, ...]:
    """Make the roles that are missing, by name only, and give them.

    Raises RestoreFailed, DatabaseUnreachable: then none was made.
    """
    if rehearsal.missing_roles:
        database = {"dbname": MAINTENANCE} if rehearsal.creates else {}
        connection = Connection.parse(target).replace(**database)
        create_roles(connection, rehearsal.missing_roles, Redactor(target))
    return rehearsal.missing_roles


def aftermath(target: str, before: Rehearsal, made_roles: tuple[str, ...] = ()) -> str:
    """Say what is there after a restore that did not end well, by looking at it.

    `made_roles` were made for it: they belong to the server, and are not taken away again.
    """
    stay = f"; the roles that were made for it stay: {', '.join(made_roles)}" if made_roles else ""
    return _found(target, before) + stay


def _found(target: str, before: Rehearsal) -> str:
    place, redact, connection = before.place, Redactor(target), Connection.parse(target)
    try:
        if before.content is None:
            return (
                f"{place} is there: this restore had just ended, or somebody else has made it"
                if exists(connection, redact)
                else f"{place} is not there: a database gets its name when it is whole"
            )
        now = content(connection, redact)
    except SnapperError:
        return (
            f"{place} does not answer now; nothing of this restore is in it, unless the connection"
            " broke in the very moment of the commit, and then all of it is"
        )
    if now == before.content:
        return f"{place} is as it was: nothing of this restore is in it"
    return f"{place} holds {now} now, and held {before.content} before"


def _warnings(manifest: Manifest, server: ServerFacts, encoding: str) -> tuple[str, ...]:
    found = []
    if manifest.late:
        found.append(
            f"this backup was begun at {write_time(manifest.started_at)}, and holds what was there "
            f"then, not at {write_time(manifest.scheduled_at)}"
        )
    if server.major < manifest.server_major:
        found.append(
            f"the backup is of PostgreSQL {manifest.server_major}, the target is the older "
            f"{server.major}: what the older one does not know will stop the restore"
        )
    if encoding != manifest.encoding:
        found.append(f"the backup is in {manifest.encoding}, the target in {encoding}")
    return tuple(found)


def _properties(
    asked: Connection, redact: Redactor, manifest: Manifest, server: ServerFacts, *, present: bool
) -> Iterator[str]:
    """Tell what is not restored of all that was set on the backup's database itself."""
    if manifest.properties is None:
        if not present:
            yield (
                "the backup does not tell what was set on its database itself: settings, rights,"
                " comment, owner, locale"
            )
    elif not present:
        named = tuple(set(manifest.properties.roles) - set(manifest.roles))
        if lacking := missing_roles(asked, tuple(sorted(named)), redact):
            yield (
                f"the target lacks the roles {', '.join(lacking)}: what they have or own of the"
                " database itself is not restored"
            )
    elif server.properties and (other := differences(manifest.properties, server.properties)):
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

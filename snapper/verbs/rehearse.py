"""Look at the target of a restore before anything is done to it, and refuse what would hurt."""

from dataclasses import dataclass

from snapper.edges.postgres import ServerFacts, inspect
from snapper.edges.target import (
    Content,
    content,
    create,
    create_roles,
    exists,
    missing_roles,
)
from snapper.errors import SettingsError
from snapper.values.connection import Connection
from snapper.values.manifest import Manifest
from snapper.values.redaction import Redactor


@dataclass(frozen=True)
class Rehearsal:
    """What a restore would meet; `facts` and `content` are None where the database is not there."""

    place: str
    facts: ServerFacts | None
    content: Content | None
    is_source: bool
    missing_roles: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def creates(self) -> bool:
        """Whether the database must be made first."""
        return self.facts is None


def rehearse(target: str, manifest: Manifest, *, may_create: bool) -> Rehearsal:
    """Look at the target; nothing is changed.

    Raises SettingsError where the database is not there and may not be made,
    DatabaseUnreachable, DatabaseUnsupported.
    """
    redact = Redactor(target)
    connection = Connection.parse(target)
    if may_create and not exists(connection, redact):
        server = inspect(connection.replace(dbname="postgres"), redact)
        missing = missing_roles(connection.replace(dbname="postgres"), manifest.roles, redact)
        warnings = _warnings(manifest, server, None)
        return Rehearsal(connection.place, None, None, False, missing, warnings)
    facts = inspect(connection, redact)
    return Rehearsal(
        connection.place,
        facts,
        content(connection, redact),
        is_source=facts.identity == manifest.source,
        missing_roles=missing_roles(connection, manifest.roles, redact),
        warnings=_warnings(manifest, facts, facts.encoding),
    )


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


def make_target(target: str, manifest: Manifest, rehearsal: Rehearsal) -> None:
    """Make the roles that are missing, without login, and the database if it is not there."""
    connection, redact = Connection.parse(target), Redactor(target)
    if rehearsal.missing_roles:
        create_roles(connection.replace(dbname="postgres"), rehearsal.missing_roles, redact)
    if rehearsal.creates:
        create(connection, manifest.encoding, redact)


def _warnings(manifest: Manifest, server: ServerFacts, encoding: str | None) -> tuple[str, ...]:
    found = []
    if server.major < manifest.server_major:
        found.append(
            f"the backup is of PostgreSQL {manifest.server_major}, the target is the older "
            f"{server.major}: what the older one does not know will stop the restore"
        )
    if encoding is not None and encoding != manifest.encoding:
        found.append(f"the backup is in {manifest.encoding}, the target in {encoding}")
    return tuple(found)

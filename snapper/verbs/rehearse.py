"""Refuse a target that a restore would damage, and say what became of one after a failure."""

from snapper.engines.engine import Engine
from snapper.engines.facts import Rehearsal
from snapper.errors import SettingsError, SnapperError
from snapper.values.manifest import Manifest


def refuse(
    rehearsal: Rehearsal, manifest: Manifest, *, force: bool, typed: str, may_make_roles: bool
) -> None:
    """Raise SettingsError for a target that a restore would damage, unless it was said that it may.

    `force` allows a target that is not empty; `typed` must be the database's key where the target
    is the very database that the backup was made of. Roles that are missing would stop the
    restore midway.
    """
    if rehearsal.is_source and typed != manifest.database:
        raise SettingsError(
            f"{rehearsal.place} is the database that this backup was made of",
            hint=f"restore into another one, or add --over-source {manifest.database}",
        )
    if rehearsal.content is not None and not rehearsal.content.empty and not force:
        raise SettingsError(
            f"{rehearsal.place} is not empty: {rehearsal.content.words}",
            hint="name a database that is not there yet and add --create, or add --force",
        )
    if not may_make_roles:
        refuse_missing_roles(rehearsal)


def refuse_missing_roles(rehearsal: Rehearsal) -> None:
    """Raise SettingsError for a target without the roles that the backup names."""
    if rehearsal.missing_roles:
        raise SettingsError(
            f"{rehearsal.place} lacks the roles {', '.join(rehearsal.missing_roles)}",
            hint="CREATE ROLE … for each, or say --create-roles to make them without login; or"
            " --no-owner, and what is theirs is yours, and their rights are left out",
        )


def aftermath(
    engine: Engine,
    target: str,
    before: Rehearsal,
    made_roles: tuple[str, ...] = (),
    *,
    unsure: bool = False,
) -> str:
    """Say what is there after a restore that did not end well, by looking at it.

    `made_roles` were made for it: they belong to the server, and are not taken away again. It is
    `unsure` what became of the transaction if its COMMIT was sent and not answered.
    """
    stay = f"; the roles that were made for it stay: {', '.join(made_roles)}" if made_roles else ""
    return _found(engine, target, before, unsure=unsure) + stay


def _found(engine: Engine, target: str, before: Rehearsal, *, unsure: bool) -> str:
    place = before.place
    try:
        now = engine.content(target)
    except SnapperError:
        return f"{place} does not answer now, and was not looked at; " + (
            "either all of this restore is in it, or nothing"
            if unsure
            else "this restore had committed nothing in it"
        )
    if before.content is None:
        return (
            f"{place} is not there: a database gets its name when it is whole"
            if now is None
            else f"{place} is there: either this restore had just finished, or another session has"
            " made it"
        )
    if now is None:
        return f"{place} is not there any more: another session has dropped it"
    if now == before.content and unsure:
        return f"{place} holds {now.words}, as before"
    if now == before.content:
        return f"{place} is as it was: nothing of this restore is in it"
    return f"{place} holds {now.words} now, and held {before.content.words} before"

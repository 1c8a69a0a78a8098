"""A whole restore: the target is looked at, refused or filled, and looked at again if that fails.

A command line does it, and a container does it beside the bucket, by the same decisions.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from snapper.engines.engine import Engine
from snapper.engines.facts import (
    PLAINLY,
    UNSURE,
    Rehearsal,
    Restoration,
    RestoreOptions,
)
from snapper.errors import SettingsError
from snapper.values.manifest import Manifest
from snapper.values.program import PROGRAM
from snapper.verbs.rehearse import aftermath, refuse
from snapper.verbs.restore import jobs_of_new, restore, restore_as_new
from snapper.verbs.unpacked import Progress
from snapper.verbs.unsealed import Backups

Warn = Callable[[str], None]


@dataclass(frozen=True)
class Wish:
    """How a backup is to be restored, and what of a target may be changed for it.

    `create` makes the database if it is not there, `force` fills one that is not empty.
    `over_source` is the key of the database that the backup was made of, where it may be the
    target. `create_roles` makes those that are missing.
    """

    create: bool = False
    force: bool = False
    over_source: str = ""
    create_roles: bool = False
    options: RestoreOptions = PLAINLY


@dataclass(frozen=True)
class Done:
    """What a restore has done to its target; what it would do where `came` and `seconds` are None.

    `place` is the target in words; whether the restore `creates` it is None where nobody has looked
    at it. `warnings` were said before anything was done, `commands` are the same restore without
    Snapper; neither holds a secret. `jobs` is by how many connections it would be done, if that was
    looked at.
    """

    place: str
    creates: bool | None
    creates_roles: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    came: Restoration | None = None
    seconds: float | None = None
    jobs: int | None = None


class Bars(Protocol):
    """Shows how far a restore is while its block runs."""

    def __call__(
        self, what: str, size: int, /, *, checks: bool
    ) -> AbstractContextManager[tuple[Progress, Progress]]:
        """Give what is called with the bytes that were checked, if it `checks`, and restored."""
        ...


def bring_back(
    vault: Backups,
    manifest: Manifest,
    target: str,
    engine: Engine,
    wish: Wish,
    *,
    warn: Warn,
    bars: Bars,
    dry_run: bool = False,
) -> Done:
    """Restore a backup into the database of a connection, or refuse it; `warn` at once of doubts.

    Raises SettingsError for a target that it would damage, or where it cannot end well: nothing was
    changed then. Raises what `restore` does, and whatever interrupts it, with a note of what is
    there now.
    """
    before = engine.rehearse(target, manifest, may_create=wish.create)
    for each in before.warnings:
        warn(each)
    options = wish.options
    refuse(
        before,
        manifest,
        force=wish.force,
        typed=wish.over_source,
        may_make_roles=wish.create_roles or options.no_owner or options.best_effort,
    )
    if options.best_effort and not before.creates:
        raise SettingsError(
            f"{before.place} is there already, and --best-effort makes a database",
            hint="write a name into the connection that is still free",
        )
    if not wish.create_roles:
        before = replace(before, missing_roles=())
    commands = engine.stock_commands(vault.bucket, manifest, target, before)
    planned = Done(before.place, before.creates, before.missing_roles, before.warnings, commands)
    if dry_run:
        jobs = jobs_of_new(vault, manifest, options) if before.creates else 1
        return replace(planned, jobs=jobs)
    began = time.monotonic()
    came = _restored(vault, manifest, target, engine, before, options, bars)
    # What was known before has been said before.
    came = replace(came, warnings=tuple(w for w in came.warnings if w not in before.warnings))
    seconds = time.monotonic() - began
    for each in (*came.warnings, *(f"left out: {one}" for one in came.left_out)):
        warn(each)
    return replace(planned, came=came, seconds=seconds)


def _restored(
    vault: Backups,
    manifest: Manifest,
    target: str,
    engine: Engine,
    before: Rehearsal,
    options: RestoreOptions,
    bars: Bars,
) -> Restoration:
    made: tuple[str, ...] = ()
    size, what = manifest.gzip_bytes, f"{manifest.dump_key} to {before.place}"
    try:
        made = engine.make_roles(target, before)
        with bars(what, size, checks=not before.creates) as (checking, bar):
            if before.creates:
                return restore_as_new(vault, manifest, target, engine, bar, options)
            return restore(vault, manifest, target, engine, bar, checking, options)
    except BaseException as error:  # also what ends the process in order, such as a signal
        unsure = UNSURE in getattr(error, "__notes__", ())
        error.add_note(aftermath(engine, target, before, made, unsure=unsure))
        raise


def refuse_sealed(manifest: Manifest) -> None:
    """Raise SettingsError for a backup that a container cannot open: no key leaves its owner."""
    if manifest.recipients:
        raise SettingsError(
            f"{manifest.dump_key} is sealed, and a container in the cloud has no key that opens it",
            hint=f"restore it from here: {PROGRAM} restore {manifest.database} --identity FILE --to"
            " CONNECTION; or on a machine beside the database, where your key is",
        )


def checked(wish: Wish) -> Wish:
    """Give the wish, or raise SettingsError if it contradicts itself."""
    options = wish.options
    if options.best_effort and not wish.create:
        raise SettingsError(
            "--best-effort fills no database that is there already",
            hint="add --create, and a name in the connection that is still free",
        )
    if options.jobs > 1 and not wish.create:
        raise SettingsError(
            "--jobs is for a new database: one that is there is filled in one transaction",
            hint="add --create, and a name in the connection that is still free",
        )
    if options.final_name and not wish.create:
        raise SettingsError("--final-name is for a new database", hint="add --create")
    if options.best_effort and options.final_name:
        raise SettingsError(
            "--best-effort goes with no --final-name: what is not whole bears another name"
        )
    if options.best_effort and options.strict:
        raise SettingsError("--best-effort and --strict contradict each other")
    return wish

"""`snapper restore`: a backup into a database, all of it or nothing."""

import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated

import typer

from snapper.cli import render
from snapper.cli.backup_options import (
    LATEST,
    AtOption,
    KeyArgument,
    chosen_backup,
    is_name,
    read_at,
)
from snapper.cli.interruption import Interrupted
from snapper.cli.lines import warn
from snapper.cli.options import JsonOption, ProfileOption, RegionOption, StageOption
from snapper.cli.outcome import Outcome
from snapper.cli.restore_options import (
    BestEffortOption,
    FinalNameOption,
    JobsOption,
    NoOwnerOption,
    NoPrivilegesOption,
    ShowValuesOption,
    StrictOption,
    checked_options,
)
from snapper.cli.restore_tables import restore_some
from snapper.cli.restored import Restored
from snapper.cli.stage import Stage
from snapper.cli.table_options import (
    AsOption,
    DataOnlyOption,
    SchemaOnlyOption,
    SchemaOption,
    TableOption,
    refuse_others,
    wanted_tables,
)
from snapper.cli.transfer import BUILDING, checked_transfer, transfer
from snapper.engines.engine import Engine, engine_of
from snapper.engines.facts import UNSURE, Rehearsal, Restoration, RestoreOptions
from snapper.errors import RestoreFailed, SettingsError, SnapperError
from snapper.values.manifest import Manifest
from snapper.verbs.choice import find
from snapper.verbs.rehearse import aftermath, refuse
from snapper.verbs.restore import restore, restore_as_new

TARGET_VARIABLE = "SNAPPER_RESTORE_TO"


def restore_backup(
    context: typer.Context,
    key: KeyArgument,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="CONNECTION",
            envvar=TARGET_VARIABLE,
            show_envvar=True,
            help="The database to restore into; asked for without echo, if not given.",
        ),
    ] = None,
    at: AtOption = LATEST,
    table: TableOption = None,
    schema: SchemaOption = None,
    named: AsOption = "",
    data_only: DataOnlyOption = False,
    schema_only: SchemaOnlyOption = False,
    create: Annotated[
        bool, typer.Option("--create", help="Create the database if it does not exist.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Restore into a database that is not empty.")
    ] = False,
    over_source: Annotated[
        str,
        typer.Option(
            metavar="KEY", help="Allow the database that the backup was made of as target."
        ),
    ] = "",
    create_roles: Annotated[
        bool,
        typer.Option("--create-roles", help="Create missing roles, without login."),
    ] = False,
    no_owner: NoOwnerOption = False,
    no_privileges: NoPrivilegesOption = False,
    strict: StrictOption = False,
    best_effort: BestEffortOption = False,
    final_name: FinalNameOption = False,
    show_values: ShowValuesOption = False,
    jobs: JobsOption = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would happen, and change nothing.")
    ] = False,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Restore a backup into a database: all of it, or nothing.

    An existing database is filled in one transaction, and before that the backup is read and
    checked whole: SHA-256, sizes, gzip. For that it needs its room in TMPDIR. With --create it is
    checked while it is restored, and the database gets its name only when all is right. A target
    that is not empty is refused without --force. A backup that is known to be damaged is passed
    over with a warning, or refused if it was named by its very time.

    What only a superuser may do and changes no data, such as a comment on an extension or the
    rights of somebody else, is left out where it is refused, and named; --strict stops there.
    Where anything else is refused, --create --best-effort gets what can be had.

    With --table or --schema only these tables are restored, with what they need, into a database
    that may hold other things: a table that is there already is refused, whatever else they need
    is used as it is there. Foreign keys that cannot hold are left out, and named.

    Exits 9 if the backup could not be restored, or not whole.
    """
    outcome: Outcome = context.obj
    wanted = wanted_tables(table, schema, named, data_only=data_only, schema_only=schema_only)
    if wanted:
        refuse_others(
            {
                "--create": create,
                "--over-source": over_source,
                "--best-effort": best_effort,
                "--final-name": final_name,
                "--jobs": jobs > 1,
                "--force without --data-only": force and not data_only,
            }
        )
    options = checked_options(
        RestoreOptions(strict, best_effort, no_owner, no_privileges, final_name, show_values, jobs),
        create=create,
    )
    limit = read_at(at, key)
    opened = Stage.open(stage, profile, region)
    with chosen_backup(opened, key, "restores"):
        passed: list[str] = []
        manifest = find(opened.vault, key, limit, passed.append, exactly=is_name(at))
        _warn(passed)
        target = to or _asked()
        engine = engine_of(manifest.engine)
        if wanted:
            some = restore_some(
                opened,
                manifest,
                target,
                wanted,
                engine,
                options,
                passed=tuple(passed),
                force=force,
                create_roles=create_roles,
                dry_run=dry_run,
            )
            if json:
                render.document(some.to_dict())
                outcome.answered = True
            else:
                some.tell()
            return
        rehearsal = engine.rehearse(target, manifest, may_create=create)
        _warn(rehearsal.warnings)
        refuse(
            rehearsal,
            manifest,
            force=force,
            typed=over_source,
            may_make_roles=create_roles or no_owner or best_effort,
        )
        if best_effort and not rehearsal.creates:
            raise SettingsError(
                f"{rehearsal.place} is there already, and --best-effort makes a database",
                hint="write a name into the connection that is still free",
            )
        if not create_roles:
            rehearsal = replace(rehearsal, missing_roles=())
        came, seconds = None, None
        if not dry_run:
            came, seconds = _restore(opened, manifest, target, rehearsal, engine, options)
    commands = engine.stock_commands(opened.service.bucket, manifest, target, rehearsal)
    restored = Restored(stage, manifest, rehearsal, tuple(passed), commands, came, seconds)
    if json:
        render.document(restored.to_dict())
        outcome.answered = True
    elif dry_run:
        restored.tell_plan()
    else:
        restored.tell_result()
    if came and came.missing:
        outcome.code = RestoreFailed.exit_code


def _restore(
    stage: Stage,
    manifest: Manifest,
    target: str,
    rehearsal: Rehearsal,
    engine: Engine,
    options: RestoreOptions,
) -> tuple[Restoration, float]:
    """Restore; give what came of it and the seconds. An error has a note of what is there."""
    began = time.monotonic()
    made: tuple[str, ...] = ()
    size, what = manifest.backup_bytes, f"{manifest.dump_key} to {rehearsal.place}"
    try:
        made = engine.make_roles(target, rehearsal)
        if rehearsal.creates:
            with transfer(what, size, BUILDING) as bar:
                came = restore_as_new(stage.vault, manifest, target, engine, bar, options)
        else:
            with checked_transfer(what, size, BUILDING) as (checking, bar):
                came = restore(stage.vault, manifest, target, engine, bar, checking, options)
    except (SnapperError, Interrupted) as error:
        unsure = UNSURE in getattr(error, "__notes__", ())
        error.add_note(aftermath(engine, target, rehearsal, made, unsure=unsure))
        raise
    # What was known before has been said before.
    warned = tuple(each for each in came.warnings if each not in rehearsal.warnings)
    _warn(warned)
    _warn(f"left out: {each}" for each in came.left_out)
    return replace(came, warnings=warned), time.monotonic() - began


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        warn(warning)


def _asked() -> str:
    """Ask for the connection without showing it; raise SettingsError where nobody can answer."""
    if not sys.stdin.isatty():
        raise SettingsError(
            "no target is given", hint=f"use --to CONNECTION or the variable {TARGET_VARIABLE}"
        )
    try:
        answer: str = typer.prompt("Connection of the target", hide_input=True, err=True)
    except typer.Abort:
        raise SettingsError("no target is given") from None
    return answer

"""`snapper restore`: a backup into a database, all of it or nothing."""

import sys
import time
from collections.abc import Iterable
from typing import Annotated, Any

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
from snapper.cli.stage import Stage
from snapper.cli.transfer import BUILDING, checked_transfer, transfer
from snapper.engines.engine import Engine, engine_of
from snapper.engines.facts import UNSURE, Rehearsal
from snapper.errors import SettingsError, SnapperError
from snapper.values.manifest import Manifest
from snapper.verbs.catalog import to_public
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
    """
    outcome: Outcome = context.obj
    limit = read_at(at, key)
    opened = Stage.open(stage, profile, region)
    with chosen_backup(opened, key, "restores"):
        passed: list[str] = []
        manifest = find(opened.vault, key, limit, passed.append, exactly=is_name(at))
        _warn(passed)
        target = to or _asked()
        engine = engine_of(manifest.engine)
        rehearsal = engine.rehearse(target, manifest, may_create=create)
        _warn(rehearsal.warnings)
        refuse(rehearsal, manifest, force=force, typed=over_source, may_make_roles=create_roles)
        warned, seconds = (
            ((), None) if dry_run else _restore(opened, manifest, target, rehearsal, engine)
        )
    commands = engine.stock_commands(opened.service.bucket, manifest, target, rehearsal)
    document = _document(stage, manifest, rehearsal, (*passed, *warned), commands, seconds)
    if json:
        render.document(document)
        outcome.answered = True
    elif dry_run:
        _tell_plan(document)
    else:
        _tell_result(document)


def _restore(
    stage: Stage, manifest: Manifest, target: str, rehearsal: Rehearsal, engine: Engine
) -> tuple[tuple[str, ...], float]:
    """Restore; give what was warned of and the seconds. An error has a note of what is there."""
    began = time.monotonic()
    made: tuple[str, ...] = ()
    size, what = manifest.backup_bytes, f"{manifest.dump_key} to {rehearsal.place}"
    try:
        made = engine.make_roles(target, rehearsal)
        if rehearsal.creates:
            with transfer(what, size, BUILDING) as bar:
                came = restore_as_new(stage.vault, manifest, target, engine, bar)
        else:
            with checked_transfer(what, size, BUILDING) as (checking, bar):
                came = restore(stage.vault, manifest, target, engine, bar, checking)
    except (SnapperError, Interrupted) as error:
        unsure = UNSURE in getattr(error, "__notes__", ())
        error.add_note(aftermath(engine, target, rehearsal, made, unsure=unsure))
        raise
    # What was known before has been said before.
    warned = tuple(each for each in came.warnings if each not in rehearsal.warnings)
    _warn(warned)
    return warned, time.monotonic() - began


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


def _document(
    stage: str,
    manifest: Manifest,
    rehearsal: Rehearsal,
    warned: tuple[str, ...],
    commands: tuple[str, ...],
    seconds: float | None,
) -> dict[str, Any]:
    return {
        "stage": stage,
        "manifest": to_public(manifest),
        "target": rehearsal.place,
        "creates": rehearsal.creates,
        "creates_roles": list(rehearsal.missing_roles),
        "warnings": [*rehearsal.warnings, *warned],
        "commands": list(commands),
        "restored": seconds is not None,
        "seconds": None if seconds is None else round(seconds, 3),
    }


def _what(document: dict[str, Any]) -> str:
    manifest = document["manifest"]
    size = render.size(manifest["backup_bytes"])
    server = f"{engine_of(manifest['engine']).name} {manifest['server_version']}"
    return f"{manifest['object']} ({size}, {server})"


def _tell_result(document: dict[str, Any]) -> None:
    render.say(
        f"restored {_what(document)} into {document['target']} in {document['seconds']:.1f} s"
    )
    render.say(f"SHA-256 {document['manifest']['sha256']}, as in the manifest")


def _tell_plan(document: dict[str, Any]) -> None:
    render.say(f"would restore {_what(document)} into {document['target']}")
    for role in document["creates_roles"]:
        render.say(f"would first make the role {role}, without login")
    if document["creates"]:
        render.say("would first make the database; it gets its name when it is whole")
    render.say("nothing was changed; without Snapper it is done by:")
    for command in document["commands"]:
        print(f"  {command}")  # to be copied, so never wrapped

"""`snapper restore`: a backup into a database, all of it or nothing."""

import sys
import time
from typing import Annotated, Any

import typer

from bin.pg_dump.layer import client_root
from snapper.cli import render
from snapper.cli.backup_options import LATEST, AtOption, KeyArgument, read_at
from snapper.cli.outcome import Interrupted, Outcome
from snapper.cli.stage import JsonOption, ProfileOption, RegionOption, Stage, StageOption
from snapper.cli.transfer import transfer
from snapper.edges.client_tools import ClientTools
from snapper.errors import SettingsError, SnapperError
from snapper.values.manifest import Manifest
from snapper.verbs.catalog import find
from snapper.verbs.rehearse import Rehearsal, make_target, refuse, rehearse
from snapper.verbs.restore import restore

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
            help="The database to restore into; asked for, unseen, if not given.",
        ),
    ] = None,
    at: AtOption = LATEST,
    create: Annotated[bool, typer.Option("--create", help="Make the database first.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Restore into a database that is not empty.")
    ] = False,
    over_source: Annotated[
        str,
        typer.Option(metavar="KEY", help="Restore over the very database the backup is of."),
    ] = "",
    create_roles: Annotated[
        bool,
        typer.Option("--create-roles", help="Make the roles that are missing, without login."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would happen, and change nothing.")
    ] = False,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Restore a backup into a database, in one transaction: all of it, or nothing.

    The object is checked while it flows, and the transaction is committed only when SHA-256, sizes
    and the dump's end are right. A target that is not empty is refused without --force.
    """
    outcome: Outcome = context.obj
    opened = Stage.open(stage, profile, region)
    manifest = find(opened.vault, key, read_at(at))
    target = to or _asked()
    rehearsal = rehearse(target, manifest, may_create=create)
    for warning in rehearsal.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    refuse(rehearsal, manifest, force=force, typed=over_source, may_make_roles=create_roles)
    commands = stock_commands(opened.service.bucket, manifest)
    if dry_run:
        _tell(outcome, _document(stage, manifest, rehearsal, commands, None), json, commands)
        return
    tools = ClientTools(client_root())
    make_target(target, manifest, rehearsal)
    began = time.monotonic()
    try:
        with transfer(f"{manifest.dump_key} to {rehearsal.place}", manifest.backup_bytes) as bar:
            restore(opened.vault, manifest, target, tools, bar)
    except (SnapperError, Interrupted):
        print(_what_is_there(rehearsal), file=sys.stderr)
        raise
    seconds = time.monotonic() - began
    _tell(outcome, _document(stage, manifest, rehearsal, commands, seconds), json, ())


def stock_commands(bucket: str, manifest: Manifest) -> tuple[str, ...]:
    """Give the same restore in commands that need no Snapper."""
    return (
        f"aws s3 cp s3://{bucket}/{manifest.dump_key} - | gunzip"
        f' | psql -X -v ON_ERROR_STOP=1 "${TARGET_VARIABLE}"',
    )


def _asked() -> str:
    """Ask for the connection without showing it; raise SettingsError where nobody can answer."""
    if not sys.stdin.isatty():
        raise SettingsError(
            "no target is given", hint=f"use --to CONNECTION or the variable {TARGET_VARIABLE}"
        )
    answer: str = typer.prompt("Connection of the target", hide_input=True, err=True)
    return answer


def _what_is_there(rehearsal: Rehearsal) -> str:
    if rehearsal.creates:
        return f"{rehearsal.place} was made for this restore, and is empty"
    return f"{rehearsal.place} is as it was: nothing of this restore was committed"


def _document(
    stage: str,
    manifest: Manifest,
    rehearsal: Rehearsal,
    commands: tuple[str, ...],
    seconds: float | None,
) -> dict[str, Any]:
    return {
        "stage": stage,
        "manifest": manifest.to_dict(),
        "target": rehearsal.place,
        "creates": rehearsal.creates,
        "creates_roles": list(rehearsal.missing_roles),
        "warnings": list(rehearsal.warnings),
        "commands": list(commands),
        "restored": seconds is not None,
        "seconds": None if seconds is None else round(seconds, 3),
    }


def _tell(
    outcome: Outcome, document: dict[str, Any], as_json: bool, commands: tuple[str, ...]
) -> None:
    if as_json:
        render.document(document)
        outcome.answered = True
        return
    manifest = document["manifest"]
    size = render.size(manifest["backup_bytes"])
    what = f"{manifest['object']} ({size}, {manifest['database']} at {manifest['scheduled_at']})"
    if document["restored"]:
        took = f"in {document['seconds']:.1f} s, SHA-256 {manifest['sha256'][:16]} checked"
        render.say(f"restored {what} into {document['target']} {took}")
        return
    made = ", which would be made first" if document["creates"] else ""
    render.say(f"would restore {what} into {document['target']}{made}")
    render.say("without Snapper:")
    for command in commands:
        render.say(f"  {command}")

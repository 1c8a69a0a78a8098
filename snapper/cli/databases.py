"""`snapper databases`: what a stage backs up beside the databases of Pulumi's config."""

import json as encoding
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from snapper.aws import client as aws
from snapper.aws import signpost
from snapper.aws.added import Added
from snapper.aws.adding import erase
from snapper.cli import given, render
from snapper.cli.lines import warn
from snapper.cli.options import JsonOption, ProfileOption, RegionOption, StageOption
from snapper.cli.stage import Stage
from snapper.engines.checks import doubts
from snapper.errors import SettingsError
from snapper.values.embedded import is_embedded
from snapper.values.program import PROGRAM
from snapper.values.rules import to_json
from snapper.values.secrets import Database
from snapper.values.settings import parameter_root
from snapper.verbs.databases import Changed, Kept, add, kept, read, remove


class Action(StrEnum):
    """What is to be done."""

    LIST = "list"
    ADD = "add"
    REMOVE = "remove"


def databases(
    action: Annotated[Action, typer.Argument(help="What to do.")] = Action.LIST,
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY", help="With remove: which ones.")
    ] = None,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="With add: read NAME=value lines, one for each secret.")
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="PATH", help="With add: read such lines of a file."),
    ] = None,
    options: Annotated[
        Path | None,
        typer.Option(
            "--options",
            metavar="PATH",
            help="With add: a JSON file with their options, as {KEY: {…}}.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="With remove: all that were added.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """List the stage's databases, or add and remove some without pulumi up.

    Those to add are rows as in the two secrets: in the environment (DATABASE_CONN_STRINGS and
    BACKUP_STORAGE_DATA), on stdin or in a file. A key that was added before takes the new row.

    What is removed keeps its backups. pulumi destroy leaves what was added here: remove --all takes
    it away, also afterwards.
    """
    _refuse(action, keys, add_only=bool(stdin or file or options), everything=everything)
    if action is Action.LIST:
        if dry_run:
            raise SettingsError("--dry-run is for add and remove")
        _list(stage, Stage.open(stage, profile, region), json=json)
        return
    if action is Action.ADD:
        opened = Stage.open(stage, profile, region)
        found = _given(opened, stdin=stdin, file=file, options=options)
        changed = add(opened.added, found, dry_run=dry_run)
    else:
        changed = _removed(stage, profile, region, keys or (), dry_run=dry_run)
    _tell(stage, changed, dry_run=dry_run, json=json)


def _refuse(
    action: Action, keys: Sequence[str] | None, *, add_only: bool, everything: bool
) -> None:
    """Raise SettingsError where arguments are given that the action does not take."""
    if add_only and action is not Action.ADD:
        raise SettingsError("--stdin, --file and --options are for add")
    if action is Action.REMOVE and bool(keys) == everything:
        raise SettingsError("remove takes either keys or --all")
    if action is not Action.REMOVE and (keys or everything):
        hint = "the rows of add are read from the environment, stdin or a file"
        raise SettingsError(f"{action} takes no KEY and no --all", hint=hint)


def _given(
    opened: Stage, *, stdin: bool, file: Path | None, options: Path | None
) -> tuple[Database, ...]:
    if stdin and file:
        raise SettingsError("--stdin and --file are two sources", hint="choose one")
    if stdin or file:
        lines = given.from_file(file) if file else given.from_stdin()
        secrets = given.both(lines, "write lines NAME=value")
    else:
        hint = "set them in the environment, or use --stdin or --file"
        secrets = given.both(given.from_environment(), hint)
    found = read(
        secrets,
        _options(options),
        opened.parameters,
        opened.service,
        from_here=is_embedded([aws.client("ssm").meta.endpoint_url]),
    )
    for doubt in doubts(found):
        warn(doubt)
    return found


def _options(file: Path | None) -> object:
    if file is None:
        return {}
    try:
        return encoding.loads(file.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be read: {error.strerror}", hint="name a file that is there"
        ) from None
    except (ValueError, RecursionError):
        raise SettingsError(f"{file} holds no JSON") from None


def _removed(
    stage: str, profile: str | None, region: str | None, keys: Sequence[str], *, dry_run: bool
) -> Changed:
    """Remove them; where the stage is destroyed, all that it has left behind."""
    try:
        return remove(Stage.open(stage, profile, region).added, keys, dry_run=dry_run)
    except signpost.NoStage:
        left = Added.connect(parameter_root(stage))
        if keys or not left.generation.number:
            raise
        found = Changed(removed=tuple(sorted(left.rows)))
        if not dry_run:
            erase(left)
        return found


def _list(name: str, opened: Stage, *, json: bool) -> None:
    found = kept(opened.parameters, opened.added)
    if json:
        render.document({"stage": name, "databases": [_to_dict(each) for each in found]})
        return
    render.table(
        ("database", "keeps", "options", "where"),
        [
            (each.key, str(each.retention), ", ".join(each.options.to_dict()), _where(each))
            for each in found
        ],
    )
    count = sum(each.added for each in found)
    if count:
        them = "it" if count == 1 else "them"
        render.say(
            f"{render.number(count, 'database')} added: pulumi destroy leaves {them}, "
            f"and {PROGRAM} databases remove --all removes {them}"
        )


def _where(each: Kept) -> str:
    if each.configured and each.added:
        return "Pulumi's config, which counts; also added: remove that"
    return "Pulumi's config" if each.configured else "added"


def _to_dict(each: Kept) -> dict[str, Any]:
    return {
        "database": each.key,
        "keeps": to_json(each.retention),
        "options": each.options.to_dict(),
        "configured": each.configured,
        "added": each.added,
    }


def _tell(name: str, changed: Changed, *, dry_run: bool, json: bool) -> None:
    if json:
        render.document(
            {
                "stage": name,
                "dry_run": dry_run,
                "added": list(changed.new),
                "replaced": list(changed.replaced),
                "removed": list(changed.removed),
            }
        )
        return
    would = "would be " if dry_run else ""
    done = (("added", changed.new), ("replaced", changed.replaced), ("removed", changed.removed))
    rows = [(key, f"{would}{words}") for words, keys in done for key in keys]
    if rows:
        render.table(("database", "result"), rows)
    else:
        render.remark(f"no database was added to the stage {name}")

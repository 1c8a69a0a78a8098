"""`snapper contents`: what is in a backup, by its list, without reading the backup."""

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
from snapper.cli.identities import IdentityOption, Keys
from snapper.cli.lines import warn
from snapper.cli.list import pinned
from snapper.cli.options import JsonOption, ProfileOption, RegionOption, StageOption
from snapper.cli.outcome import Outcome
from snapper.cli.source import FromOption, open_stage
from snapper.errors import BackupNotFound
from snapper.values.contents import Contents
from snapper.verbs.catalog import holding_at, to_public
from snapper.verbs.choice import find
from snapper.verbs.contents import read_contents
from snapper.verbs.pins import pins_of
from snapper.verbs.unsealed import Backups

_HEADERS = ("schema", "rows", "size", "stored", "table")


def contents(
    context: typer.Context,
    key: KeyArgument,
    at: AtOption = LATEST,
    identity: IdentityOption = None,
    source: FromOption = "",
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """Show the tables of a backup with their rows, and what else is in it.

    The list was made while the backup was: nothing of the backup itself is read. `size` is that of
    the plain rows, `stored` what they take in the vault. Small tables share a piece: each of them
    takes less (`<`) than that. Backups of older releases have no list. That of a sealed backup is
    sealed too, unless contentsInClear was set when it was made: then --identity opens it.
    """
    outcome: Outcome = context.obj
    limit = read_at(at, key)
    opened = open_stage(stage, profile, region, source)
    with chosen_backup(opened, key, "shows"):
        manifest = find(opened.vault, key, limit, warn, exactly=is_name(at), even_damaged=True)
        holding = holding_at(opened.vault, key, manifest.scheduled_at)
        pins = pins_of(opened.vault, holding)
        backups: Backups = opened.vault
        if not manifest.contents_in_clear:
            backups = Keys(identity).open(opened.vault, manifest)
        found = read_contents(backups, manifest)
    if json:
        listed = found.to_dict() if found else None
        render.document(
            {
                "stage": stage,
                "manifest": to_public(manifest),
                "contents": listed,
                "pins": [each.to_dict() for each in pins],
            }
        )
        outcome.answered = True
        return
    if found is None:
        raise BackupNotFound(
            f"{manifest.dump_key} has no list of what is in it",
            hint="backups of older releases have none; why a newer one has none, the log says",
        )
    _show(found, manifest.dump_key)
    if pins:
        render.say(pinned(pins))


def _show(found: Contents, name: str) -> None:
    rows = [
        (
            each.schema,
            f"{each.rows:,}",
            render.size(each.bytes),
            f"{'' if each.offset is None else '< '}{render.size(each.stored)}",
            each.table,
        )
        for each in sorted(found.tables, key=lambda each: (each.schema, each.table))
    ]
    if rows:
        render.table(_HEADERS, rows)
    tables, total = render.number(len(rows), "table"), render.number(found.rows, "row")
    render.say(f"{name}: {tables}, {total}")
    kinds = sorted(found.kinds.items(), key=lambda each: (-each[1], each[0]))
    render.say("statements: " + ", ".join(f"{count:,} {kind}" for kind, count in kinds))

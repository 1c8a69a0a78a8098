"""`snapper key`: the keys of people, which alone open what a stage seals."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from snapper.cli.identities import IdentityOption
from snapper.cli.key_list import list_recipients
from snapper.cli.key_new import new_kit
from snapper.cli.key_prove import prove_recipients
from snapper.cli.options import (
    STAGE,
    JsonOption,
    ProfileOption,
    RegionOption,
    StageOption,
    is_typed,
)
from snapper.errors import SettingsError
from snapper.values.program import PROGRAM


class Action(StrEnum):
    """What is to be done."""

    NEW = "new"
    PROVE = "prove"
    LIST = "list"


def key(
    context: typer.Context,
    action: Annotated[Action, typer.Argument(help="What to do.")] = Action.LIST,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="With new: where the recovery kit is made."),
    ] = None,
    passphrase: Annotated[
        bool,
        typer.Option("--passphrase", help="With new: ask for one that the private key is under."),
    ] = False,
    identity: IdentityOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With prove: show what would be proven.")
    ] = False,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: JsonOption = False,
) -> None:
    """List for whom backups are sealed, make a key of your own, or prove that you have one.

    `new` makes a recovery kit: a folder with a private key, the public one, and how a backup is
    opened without Snapper. It needs neither AWS nor a stage; with --stage the kit names the
    bucket. The private key is shown nowhere, and nothing else has it.

    `prove` has the dumper seal a fresh canary for the recipients in force, fetches it, opens it by
    the keys you give (--identity, the variable SNAPPER_IDENTITY, else asked unseen) and records
    that you could. The keys do not leave this machine.

    `list` shows the recipients of the stage and of single databases, and who proved each when.
    """
    if action is not Action.NEW and (folder or passphrase):
        raise SettingsError(
            "FOLDER and --passphrase are for new", hint=f"{PROGRAM} key new FOLDER makes a kit"
        )
    if action is not Action.PROVE and (identity or dry_run):
        raise SettingsError(
            "--identity and --dry-run are for prove",
            hint=f"{PROGRAM} key prove --identity FILE shows that a key opens what is sealed",
        )
    if action is Action.NEW:
        named = stage if is_typed(context, STAGE.strip("-")) else ""
        new_kit(folder, named, profile, region, passphrase=passphrase, json=json)
    elif action is Action.PROVE:
        prove_recipients(identity or (), stage, profile, region, dry_run=dry_run, json=json)
    else:
        list_recipients(stage, profile, region, json=json)

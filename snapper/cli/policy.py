"""`snapper policy`: the IAM policies that operators need."""

from enum import StrEnum
from typing import Annotated

import typer

from snapper.cli import render
from snapper.cli.stage import ProfileOption, RegionOption, Stage, StageOption
from snapper.values.policies import operate_policy, read_policy, restore_policy


class Kind(StrEnum):
    """What an operator may do."""

    READ = "read"
    RESTORE = "restore"
    OPERATE = "operate"


_POLICIES = {
    Kind.READ: read_policy,
    Kind.RESTORE: restore_policy,
    Kind.OPERATE: operate_policy,
}


def policy(
    kind: Annotated[
        Kind,
        typer.Argument(help="read: look; restore: read backups too; operate: every command."),
    ] = Kind.READ,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
) -> None:
    """Print an IAM policy for people who operate this stage, as JSON."""
    opened = Stage.open(stage, profile, region)
    render.document(_POLICIES[kind](opened.service))

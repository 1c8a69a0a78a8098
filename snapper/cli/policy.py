"""`snapper policy`: the IAM policies that operators need."""

from typing import Annotated

import typer

from snapper.aws import policies
from snapper.aws.policies import Rights
from snapper.cli import render
from snapper.cli.options import ProfileOption, RegionOption, StageOption
from snapper.cli.stage import Stage


def policy(
    rights: Annotated[
        Rights,
        typer.Argument(
            metavar="RIGHTS", help="read: look; restore: read backups too; operate: every command."
        ),
    ] = Rights.READ,
    stage: StageOption = "prod",
    profile: ProfileOption = None,
    region: RegionOption = None,
    json: Annotated[bool, typer.Option("--json", hidden=True)] = False,  # noqa: ARG001  it always is
) -> None:
    """Print an IAM policy for people who operate this stage, as JSON.

    Each policy includes the ones before it. Printing one needs only the right to read the parameter
    /snapper/STAGE/SERVICE, so whoever deploys can print all of them.
    """
    opened = Stage.open(stage, profile, region)
    render.document(policies.policy(opened.service, rights))

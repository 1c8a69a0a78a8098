"""Arguments and options that many commands share."""

from typing import Annotated

import typer

STAGE, PROFILE, REGION, JSON = "--stage", "--profile", "--region", "--json"

KeysArgument = Annotated[
    list[str] | None, typer.Argument(metavar="KEY", help="Databases; all if none is named.")
]
StageOption = Annotated[
    str,
    typer.Option(
        STAGE, metavar="NAME", envvar="SNAPPER_STAGE", help="Which deployment to work on."
    ),
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        PROFILE, metavar="NAME", help="Which AWS profile to use, before all AWS_… variables."
    ),
]
RegionOption = Annotated[
    str | None,
    typer.Option(REGION, metavar="NAME", envvar="AWS_REGION", help="The stage's AWS region."),
]
JsonOption = Annotated[bool, typer.Option(JSON, help="Print one JSON document.")]
